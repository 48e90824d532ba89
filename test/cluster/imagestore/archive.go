package imagestore

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Loaded is an image that came out of an archive.
type Loaded struct {
	Digest string
	// Names are the references the archive gives it, if any.
	Names []string
}

// Load stores the images of an OCI archive, an OCI layout directory or a
// docker archive (also gzipped).
func (s *Store) Load(file string) ([]Loaded, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("loading an image: %w", err)
	}
	var members archive
	if info.IsDir() {
		members = directory(file)
	} else {
		tarball, err := openTarball(file, filepath.Join(s.dir, "tmp"))
		if err != nil {
			return nil, fmt.Errorf("loading %s: %w", file, err)
		}
		defer tarball.Close()
		members = tarball
	}
	images, err := s.loadOCI(members)
	if errors.Is(err, fs.ErrNotExist) {
		images, err = s.loadDocker(members)
	}
	if err != nil {
		return nil, fmt.Errorf("loading %s (wanted an OCI or docker archive): %w", file, err)
	}
	return images, nil
}

// archive gives access to files by name.
type archive interface {
	member(name string) (io.ReadCloser, error)
}

type directory string

func (d directory) member(name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(d), filepath.FromSlash(name)))
}

// tarball is a tar file with an index of where its members are.
type tarball struct {
	*os.File
	at map[string]span
}

type span struct {
	offset, size int64
	link         string
}

func openTarball(file, tmp string) (*tarball, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	if f, err = uncompressed(f, tmp); err != nil {
		return nil, err
	}
	t := &tarball{File: f, at: map[string]span{}}
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("reading the archive: %w", err)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			// The reader reads its file no further than a member's header.
			at, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				f.Close()
				return nil, fmt.Errorf("reading the archive: %w", err)
			}
			t.at[name] = span{offset: at, size: h.Size}
		case tar.TypeSymlink:
			t.at[name] = span{link: path.Join(path.Dir(name), h.Linkname)}
		case tar.TypeLink:
			t.at[name] = span{link: path.Clean(h.Linkname)}
		}
	}
}

// uncompressed returns f, or an unpacked copy of it in tmp without a name.
func uncompressed(f *os.File, tmp string) (*os.File, error) {
	magic := make([]byte, 2)
	if _, err := f.ReadAt(magic, 0); err != nil {
		f.Close()
		return nil, err
	}
	if !isGzip(magic) {
		return f, nil
	}
	defer f.Close()
	r, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	out, err := os.CreateTemp(tmp, "archive")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(out.Name()); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	if _, err := io.Copy(out, r); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

func (t *tarball) member(name string) (io.ReadCloser, error) {
	for range 10 {
		s, ok := t.at[path.Clean(name)]
		if !ok {
			break
		}
		if s.link == "" {
			return io.NopCloser(io.NewSectionReader(t.File, s.offset, s.size)), nil
		}
		name = s.link
	}
	return nil, fmt.Errorf("%s in the archive: %w", name, fs.ErrNotExist)
}

func decode(a archive, name string, into any) error {
	r, err := a.member(name)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (s *Store) loadOCI(a archive) ([]Loaded, error) {
	var index Manifest
	if err := decode(a, "index.json", &index); err != nil {
		return nil, err
	}
	var images []Loaded
	for _, d := range index.Manifests {
		if err := s.copyTree(a, d); err != nil {
			return nil, err
		}
		image := Loaded{Digest: d.Digest}
		for _, key := range []string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
			// The second may be a bare tag, which names nothing.
			if name := d.Annotations[key]; strings.ContainsAny(name, "/:") {
				image.Names = append(image.Names, name)
				break
			}
		}
		images = append(images, image)
	}
	return images, nil
}

// copyTree stores a manifest or index with everything it refers to.
func (s *Store) copyTree(a archive, d Descriptor) error {
	if err := s.copyBlob(a, d); err != nil {
		return err
	}
	if strings.Contains(d.MediaType, "manifest") || strings.Contains(d.MediaType, "index") {
		m, _, err := s.Manifest(d.Digest)
		if err != nil {
			return err
		}
		children := append(m.Manifests, m.Layers...)
		if m.Config != nil {
			children = append(children, *m.Config)
		}
		for _, c := range children {
			if err := s.copyTree(a, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) copyBlob(a archive, d Descriptor) error {
	if s.Has(d.Digest) {
		return nil
	}
	// What is missing in the archive is reported as such, not as another kind
	// of archive.
	r, err := a.member("blobs/sha256/" + strings.TrimPrefix(d.Digest, "sha256:"))
	if err != nil {
		return fmt.Errorf("blob %s is missing", d.Digest)
	}
	defer r.Close()
	got, err := s.Put(r)
	if err != nil {
		return err
	}
	if got.Digest != d.Digest {
		return fmt.Errorf("blob %s has digest %s", d.Digest, got.Digest)
	}
	return nil
}

func (s *Store) loadDocker(a archive) ([]Loaded, error) {
	var contents []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := decode(a, "manifest.json", &contents); err != nil {
		return nil, err
	}
	var images []Loaded
	for _, c := range contents {
		m := Manifest{SchemaVersion: 2, MediaType: TypeManifest}
		config, err := s.putMember(a, c.Config)
		if err != nil {
			return nil, err
		}
		config.MediaType = TypeConfig
		m.Config = &config
		for _, l := range c.Layers {
			layer, err := s.putMember(a, l)
			if err != nil {
				return nil, err
			}
			m.Layers = append(m.Layers, layer)
		}
		d, err := s.PutManifest(m)
		if err != nil {
			return nil, err
		}
		images = append(images, Loaded{Digest: d.Digest, Names: c.RepoTags})
	}
	return images, nil
}

func (s *Store) putMember(a archive, name string) (Descriptor, error) {
	r, err := a.member(name)
	if err != nil {
		return Descriptor{}, err
	}
	defer r.Close()
	magic := make([]byte, 2)
	if _, err := io.ReadFull(r, magic); err != nil {
		return Descriptor{}, fmt.Errorf("%s: %w", name, err)
	}
	d, err := s.Put(io.MultiReader(bytes.NewReader(magic), r))
	d.MediaType = TypeTar
	if isGzip(magic) {
		d.MediaType = TypeTarGzip
	}
	return d, err
}

func isGzip(magic []byte) bool { return magic[0] == 0x1f && magic[1] == 0x8b }
