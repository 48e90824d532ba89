// Package disk prepares the files behind a guest's disks: it finds and checks
// the disk of a container image, puts a writable layer over it and makes empty
// disks. Everything can be repeated; what a guest has written is never overwritten.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/launcher/disk/qcow2"
)

// ErrInvalid says that a volume's content cannot be used as a disk. Trying
// again does not help.
var ErrInvalid = errors.New("unusable volume")

// Formats of a disk image, in libvirt's words.
const (
	FormatRaw   = "raw"
	FormatQcow2 = "qcow2"
)

// sector is the unit of every disk's size.
const sector = 512

func inSectors(size int64) uint64 { return (uint64(size) + sector - 1) / sector * sector }

// containerDiskDir is where a container disk's image keeps its disk.
const containerDiskDir = "disk"

// Image is a disk image as QEMU can open it.
type Image struct {
	Path   string
	Format string
	// Size of the disk that the guest sees, in bytes; of a device nobody asked.
	Size uint64
	// Block tells that Path is a block device.
	Block bool
}

// ContainerDisk finds the disk in source, which is the root directory of a
// container image, or the disk file itself. path is the VMI's
// containerDisk.path, "" for the one file under disk/.
func ContainerDisk(source, path string) (Image, error) {
	source, err := imageFile(source, path)
	if err != nil {
		return Image{}, err
	}
	return probe(source)
}

// imageFile returns where a file of a container image is: source is the image's
// root directory, or the file itself.
func imageFile(source, path string) (string, error) {
	info, err := os.Stat(source)
	if err != nil {
		return "", fmt.Errorf("looking for the container image: %w", err)
	}
	if !info.IsDir() {
		return source, nil
	}
	return fileIn(source, path)
}

// fileIn returns the absolute path of the image's file, for "" of its only disk.
// Links are followed inside root only.
func fileIn(root, path string) (string, error) {
	inside, err := os.OpenRoot(root)
	if err != nil {
		return "", fmt.Errorf("opening the container image: %w", err)
	}
	defer func() { _ = inside.Close() }()
	relative := strings.TrimPrefix(filepath.Clean("/"+path), "/")
	if path == "" {
		if relative, err = onlyFile(inside); err != nil {
			return "", err
		}
	}
	info, err := inside.Stat(relative)
	if err != nil {
		return "", fmt.Errorf("%w: /%s of the image cannot be opened: %w", ErrInvalid, relative, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%w: /%s of the image is not a regular file", ErrInvalid, relative)
	}
	// QEMU opens by name: give it one without links, so that what it opens is
	// what was checked. The image's file system is read-only.
	final, err := filepath.EvalSymlinks(filepath.Join(root, relative))
	if err != nil {
		return "", fmt.Errorf("resolving the path in the container image: %w", err)
	}
	return final, nil
}

func onlyFile(root *os.Root) (string, error) {
	entries, err := fs.ReadDir(root.FS(), containerDiskDir)
	if err != nil {
		return "", fmt.Errorf("%w: the image has no readable directory /%s: %w", ErrInvalid, containerDiskDir, err)
	}
	found := ""
	for _, entry := range entries {
		name := filepath.Join(containerDiskDir, entry.Name())
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("%w: the image has more than one file under /%s: name one as containerDisk.path", ErrInvalid, containerDiskDir)
		}
		found = name
	}
	if found == "" {
		return "", fmt.Errorf("%w: the image has no file under /%s", ErrInvalid, containerDiskDir)
	}
	return found, nil
}

// probe tells the image's format and refuses one that would make QEMU open
// further files that its author named.
func probe(path string) (Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return Image{}, fmt.Errorf("%w: opening the disk: %w", ErrInvalid, err)
	}
	defer func() { _ = f.Close() }()
	header, isQcow2, err := qcow2.Read(f)
	switch {
	case errors.Is(err, qcow2.ErrFormat):
		return Image{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	case err != nil:
		return Image{}, err
	case !isQcow2:
		info, err := f.Stat()
		if err != nil {
			return Image{}, fmt.Errorf("measuring the disk: %w", err)
		}
		if info.Size() == 0 {
			return Image{}, fmt.Errorf("%w: the disk file is empty", ErrInvalid)
		}
		return Image{Path: path, Format: FormatRaw, Size: inSectors(info.Size())}, nil
	case header.BackingFile != "":
		return Image{}, fmt.Errorf("%w: the qcow2 image refers to a backing file", ErrInvalid)
	case header.ExternalData:
		return Image{}, fmt.Errorf("%w: the qcow2 image keeps its data in another file", ErrInvalid)
	case header.Encrypted:
		return Image{}, fmt.Errorf("%w: the qcow2 image is encrypted", ErrInvalid)
	}
	return Image{Path: path, Format: FormatQcow2, Size: header.Size}, nil
}
