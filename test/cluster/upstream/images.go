package upstream

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/test/cluster/imagestore"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Images stores the images the cluster itself needs, unless the store has
// them: the pause container and CoreDNS, each one static program.
func Images(ctx context.Context, c *settings.Cluster, bin string, store *imagestore.Store) error {
	pause, err := compilePause(ctx, c)
	if err != nil {
		return err
	}
	images := []struct{ program, name, user string }{
		{pause, settings.PauseImage, "65535:65535"},
		{filepath.Join(bin, "coredns"), settings.CoreDNSImage, ""},
	}
	for _, i := range images {
		if err := oneProgram(store, i.program, i.name, i.user); err != nil {
			return fmt.Errorf("making the image %s: %w", i.name, err)
		}
	}
	return nil
}

func compilePause(ctx context.Context, c *settings.Cluster) (string, error) {
	source := filepath.Join(c.Source, "pause", "pause.c")
	text, err := os.ReadFile(source)
	if err != nil {
		return "", fmt.Errorf("reading the pause program: %w", err)
	}
	sum := sha256.Sum256(text)
	dir := filepath.Join(c.Cache, "programs", "pause-"+hex.EncodeToString(sum[:])[:12])
	program := filepath.Join(dir, "pause")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	out, err := exec.CommandContext(ctx, "cc", "-Os", "-static", "-s", "-o", program, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("compiling the pause program: %w\n%s", err, out)
	}
	return program, nil
}

// file is a file of an image that is made here: where it lies and where it goes.
type file struct{ from, to string }

// oneProgram makes an image that holds nothing but one program.
func oneProgram(store *imagestore.Store, program, name, user string) error {
	to := "/" + filepath.Base(program)
	return programs(store, name, user, []string{to}, file{program, to})
}

// programs makes an image of one layer that holds some programs, unless the store
// has it made from the same ones.
func programs(store *imagestore.Store, name, user string, entrypoint []string, files ...file) error {
	made := make([]string, 0, len(files))
	for _, f := range files {
		made = append(made, f.from)
	}
	// The manifest says which files' image it is.
	origin := strings.Join(made, ",")
	if digest, err := store.Resolve(name); err == nil {
		if m, _, err := store.Manifest(digest); err == nil && len(m.Layers) == 1 && m.Layers[0].Annotations["program"] == origin {
			return nil
		}
	}
	layer, err := archive(files)
	if err != nil {
		return err
	}
	l, err := store.Put(layer)
	if err != nil {
		return err
	}
	l.MediaType = imagestore.TypeTar
	l.Annotations = map[string]string{"program": origin}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64",
		"os":           "linux",
		"config":       map[string]any{"Entrypoint": entrypoint, "User": user, "Env": []string{"PATH=/bin"}},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{l.Digest}},
	})
	if err != nil {
		return fmt.Errorf("writing the image's configuration: %w", err)
	}
	d, err := store.Put(bytes.NewReader(config))
	if err != nil {
		return err
	}
	d.MediaType = imagestore.TypeConfig
	m, err := store.PutManifest(imagestore.Manifest{SchemaVersion: 2, MediaType: imagestore.TypeManifest, Config: &d, Layers: []imagestore.Descriptor{l}})
	if err != nil {
		return err
	}
	return store.Tag(name, m.Digest)
}

// archive returns the files as a layer.
func archive(files []file) (*bytes.Buffer, error) {
	layer := &bytes.Buffer{}
	w := tar.NewWriter(layer)
	for _, f := range files {
		data, err := os.ReadFile(f.from)
		if err != nil {
			return nil, fmt.Errorf("reading the program: %w", err)
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.to, "/"), Mode: 0o755, Size: int64(len(data))}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("writing the layer: %w", err)
		}
		if _, err := w.Write(data); err != nil {
			return nil, fmt.Errorf("writing the layer: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing the layer: %w", err)
	}
	return layer, nil
}
