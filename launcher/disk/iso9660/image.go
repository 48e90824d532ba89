// Package iso9660 makes small ISO 9660 images whose files keep their names: by Rock
// Ridge for those who know Unix, by Joliet for those who know Windows. The libraries
// at hand shorten names (kdomanski/iso9660) or write images that others cannot read
// once a name is longer than 100 characters (diskfs/go-diskfs).
package iso9660

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	sectorSize = 2048
	// systemArea is left to boot loaders; the descriptors follow it.
	systemArea = 16
	// alignment of an image's size, for disks with blocks of 4 KiB.
	alignment = 4096

	// maxName is the longest file name that Linux takes from Rock Ridge, and the
	// longest key of a ConfigMap.
	maxName = 253
	// maxDirectories is what a path table can count.
	maxDirectories = 1 << 15
	// MaxLabel is the length of the longest label.
	MaxLabel = 32
)

// Image returns an image with a label and files, by their slash-separated paths. The
// files can be read by everyone in the guest and have the given time.
func Image(label string, files map[string][]byte, made time.Time) ([]byte, error) {
	if len(label) > MaxLabel {
		return nil, fmt.Errorf("the label %q has more than %d characters", label, MaxLabel)
	}
	root, err := tree(files)
	if err != nil {
		return nil, err
	}
	w := &writer{made: made.UTC(), image: make([]byte, (systemArea+3)*sectorSize), files: map[*node]extent{}}
	extension := &rockRidge{continuations: map[*node]*continuation{}}
	primary := newVolume(w, root, []byte(label), []byte(" "), extension)
	joliet := newVolume(w, root, ucs2(label), ucs2(" "), nil)
	volumes := []*volume{primary, joliet}
	// Some readers go through an image once: directories come before the files.
	for _, v := range volumes {
		v.reserve()
	}
	for _, directory := range primary.directories {
		for _, child := range directory.children {
			if !child.directory {
				w.files[child] = w.place(child.content)
			}
		}
	}
	for _, v := range volumes {
		v.fill()
	}
	if rest := len(w.image) % alignment; rest != 0 {
		w.image = append(w.image, make([]byte, alignment-rest)...)
	}
	primary.describe(1, systemArea)
	joliet.describe(2, systemArea+1)
	copy(w.sector(systemArea+2), "\xffCD001\x01")
	return w.image, nil
}

// node is a file or a directory.
type node struct {
	name      string
	directory bool
	content   []byte
	children  []*node
	parent    *node
	// primary and joliet are its identifiers in the two volumes.
	primary, joliet []byte
}

// tree puts files into their directories. The root is its own parent.
func tree(files map[string][]byte) (*node, error) {
	root := &node{directory: true}
	root.parent = root
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	directories := map[string]*node{"": root}
	for _, path := range paths {
		at, above := root, ""
		steps := strings.Split(path, "/")
		for i, step := range steps {
			if err := checkName(step); err != nil {
				return nil, fmt.Errorf("the path %q: %w", path, err)
			}
			here := above + "/" + step
			next := directories[here]
			if next == nil {
				next = &node{name: step, directory: i < len(steps)-1, parent: at}
				at.children = append(at.children, next)
				directories[here] = next
			} else if !next.directory || i == len(steps)-1 {
				return nil, fmt.Errorf("the path %q: %q is both a file and a directory", path, step)
			}
			at, above = next, here
		}
		at.content = files[path]
	}
	if len(directories) > maxDirectories {
		return nil, fmt.Errorf("more than %d files and directories", maxDirectories)
	}
	for _, directory := range directories {
		name(directory.children)
	}
	return root, nil
}

func checkName(name string) error {
	switch {
	case name == "", name == ".", name == "..":
		return fmt.Errorf("%q is no name for a file", name)
	case len(name) > maxName:
		return fmt.Errorf("the name %q has more than %d bytes", name, maxName)
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("the name %q has a zero byte", name)
	}
	return nil
}

// extent is where something lies in the image.
type extent struct {
	sector, size uint32
}

// writer grows an image by whole sectors.
type writer struct {
	image []byte
	made  time.Time
	// files has the extents of the files, which the volumes share.
	files map[*node]extent
}

func (w *writer) sector(n uint32) []byte { return w.image[int(n)*sectorSize:] }

// place adds sectors with data, at least one.
func (w *writer) place(data []byte) extent {
	at := extent{sector: uint32(len(w.image) / sectorSize), size: uint32(len(data))} //nolint:gosec // a few MiB
	sectors := max(1, (len(data)+sectorSize-1)/sectorSize)
	w.image = append(w.image, make([]byte, sectors*sectorSize)...)
	copy(w.sector(at.sector), data)
	return at
}

// sorted are a directory's children in the order of one of their identifiers.
func sorted(children []*node, id func(*node) []byte) []*node {
	list := slices.Clone(children)
	slices.SortFunc(list, func(a, b *node) int { return bytes.Compare(id(a), id(b)) })
	return list
}
