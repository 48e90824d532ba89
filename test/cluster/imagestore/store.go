// Package imagestore keeps container images on disk and serves them by the
// registry protocol, so that every image name a pod can have is answered on
// this machine. Layers are kept as they come: an archive's plain tar layers
// are served uncompressed, because between two directories of one disk
// compression only costs time.
package imagestore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Store is a directory of images.
type Store struct{ dir string }

// Open opens the store in dir, making it if needed.
func Open(dir string) (*Store, error) {
	for _, d := range []string{"blobs", "names", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("making the image store: %w", err)
		}
	}
	return &Store{dir: dir}, nil
}

// Descriptor points to a blob, as OCI writes it.
type Descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    json.RawMessage   `json:"platform,omitempty"`
}

// Manifest is an image's manifest, or an index of several.
type Manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        *Descriptor  `json:"config,omitempty"`
	Layers        []Descriptor `json:"layers,omitempty"`
	Manifests     []Descriptor `json:"manifests,omitempty"`
}

// Media types (OCI image specification).
const (
	TypeManifest = "application/vnd.oci.image.manifest.v1+json"
	TypeIndex    = "application/vnd.oci.image.index.v1+json"
	TypeConfig   = "application/vnd.oci.image.config.v1+json"
	TypeTar      = "application/vnd.oci.image.layer.v1.tar"
	TypeTarGzip  = "application/vnd.oci.image.layer.v1.tar+gzip"
)

var (
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	nameForm   = regexp.MustCompile(`^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$`)
	tagForm    = regexp.MustCompile(`^\w[\w.-]{0,127}$`)
)

// Parse splits an image reference into the repository and the tag (default
// "latest") under which the registry serves it. The registry's host is
// dropped: all hosts are mirrored to this one store. Names without a host and
// without a path mean Docker Hub's library, as they do for a kubelet.
func Parse(reference string) (repository, tag string, err error) {
	host, rest, ok := strings.Cut(reference, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, rest = "docker.io", reference
	}
	repository, tag = rest, "latest"
	if i := strings.LastIndex(rest, ":"); i >= 0 {
		repository, tag = rest[:i], rest[i+1:]
	}
	if host == "docker.io" && !strings.Contains(repository, "/") {
		repository = "library/" + repository
	}
	if !nameForm.MatchString(repository) || !tagForm.MatchString(tag) {
		return "", "", fmt.Errorf("image name %q: want name:tag", reference)
	}
	return repository, tag, nil
}

func (s *Store) blob(digest string) string {
	return filepath.Join(s.dir, "blobs", strings.TrimPrefix(digest, "sha256:"))
}

func (s *Store) tag(repository, tag string) string {
	return filepath.Join(s.dir, "names", filepath.FromSlash(repository), "_tags", tag)
}

// Put stores what r yields and returns its digest and size.
func (s *Store) Put(r io.Reader) (Descriptor, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "blob")
	if err != nil {
		return Descriptor{}, fmt.Errorf("storing a blob: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	hash := sha256.New()
	size, err := io.CopyBuffer(io.MultiWriter(f, hash), r, make([]byte, 1<<20))
	if err != nil {
		return Descriptor{}, fmt.Errorf("storing a blob: %w", err)
	}
	d := Descriptor{Digest: "sha256:" + hex.EncodeToString(hash.Sum(nil)), Size: size}
	if err := f.Close(); err != nil {
		return Descriptor{}, fmt.Errorf("storing a blob: %w", err)
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return Descriptor{}, fmt.Errorf("storing a blob: %w", err)
	}
	if err := os.Rename(f.Name(), s.blob(d.Digest)); err != nil {
		return Descriptor{}, fmt.Errorf("storing a blob: %w", err)
	}
	return d, nil
}

// Has reports whether the store has the blob.
func (s *Store) Has(digest string) bool {
	if !digestForm.MatchString(digest) {
		return false
	}
	_, err := os.Stat(s.blob(digest))
	return err == nil
}

// Open returns a blob's content and size.
func (s *Store) Open(digest string) (*os.File, int64, error) {
	if !digestForm.MatchString(digest) {
		return nil, 0, fmt.Errorf("digest %q: %w", digest, fs.ErrNotExist)
	}
	f, err := os.Open(s.blob(digest))
	if err != nil {
		return nil, 0, fmt.Errorf("opening a blob: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("opening a blob: %w", err)
	}
	return f, info.Size(), nil
}

// PutManifest stores a manifest and returns its descriptor.
func (s *Store) PutManifest(m Manifest) (Descriptor, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return Descriptor{}, fmt.Errorf("encoding a manifest: %w", err)
	}
	d, err := s.Put(strings.NewReader(string(data)))
	d.MediaType = m.MediaType
	return d, err
}

// Manifest reads a manifest or index.
func (s *Store) Manifest(digest string) (Manifest, []byte, error) {
	f, _, err := s.Open(digest)
	if err != nil {
		return Manifest{}, nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return Manifest{}, nil, fmt.Errorf("reading a manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, nil, fmt.Errorf("manifest %s: %w", digest, err)
	}
	if m.MediaType == "" {
		m.MediaType = TypeManifest
		if m.Manifests != nil {
			m.MediaType = TypeIndex
		}
	}
	return m, data, nil
}

// Tag makes a reference name a manifest.
func (s *Store) Tag(reference, digest string) error {
	repository, tag, err := Parse(reference)
	if err != nil {
		return err
	}
	return s.setTag(repository, tag, digest)
}

func (s *Store) setTag(repository, tag, digest string) error {
	path := s.tag(repository, tag)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("tagging %s:%s: %w", repository, tag, err)
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(digest), 0o644); err != nil {
		return fmt.Errorf("tagging %s:%s: %w", repository, tag, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("tagging %s:%s: %w", repository, tag, err)
	}
	return nil
}

// Resolve returns the digest that a reference (name:tag) stands for.
func (s *Store) Resolve(reference string) (string, error) {
	repository, tag, err := Parse(reference)
	if err != nil {
		return "", err
	}
	return s.resolve(repository, tag)
}

func (s *Store) resolve(repository, tag string) (string, error) {
	if digestForm.MatchString(tag) {
		if !s.Has(tag) {
			return "", fmt.Errorf("%s@%s: %w", repository, tag, fs.ErrNotExist)
		}
		return tag, nil
	}
	if !nameForm.MatchString(repository) || !tagForm.MatchString(tag) {
		return "", fmt.Errorf("%s:%s: %w", repository, tag, fs.ErrNotExist)
	}
	data, err := os.ReadFile(s.tag(repository, tag))
	if err != nil {
		return "", fmt.Errorf("no image %s:%s: %w", repository, tag, err)
	}
	if digest := string(data); s.Has(digest) {
		return digest, nil
	}
	return "", fmt.Errorf("%s:%s names a lost image: %w", repository, tag, fs.ErrNotExist)
}

// List returns all names and the digests they stand for.
func (s *Store) List() (map[string]string, error) {
	names := map[string]string{}
	base := filepath.Join(s.dir, "names")
	err := filepath.WalkDir(base, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(base, p)
		if err != nil {
			return err
		}
		digest, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		names[strings.Replace(filepath.ToSlash(rel), "/_tags/", ":", 1)] = string(digest)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	return names, nil
}
