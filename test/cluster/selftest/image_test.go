//go:build cluster

package selftest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const probeImage = "selftest/probe:devel"

var probeDigest string

// loadProbe builds the probe, packs it as an OCI archive and loads it.
func loadProbe() error {
	dir, err := os.MkdirTemp("", "selftest")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "probe")
	build := exec.Command("go", "build", "-trimpath", "-o", program, "./probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the probe: %w\n%s", err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	archive := filepath.Join(dir, "probe.tar")
	if err := writeOCI(archive, map[string][]byte{"probe": data, "data/hello": []byte("from the image\n")}); err != nil {
		return err
	}
	out, err := cli("load-image", "--name", probeImage, archive)
	if err != nil {
		return err
	}
	_, probeDigest, _ = strings.Cut(strings.TrimSpace(out), "@")
	return nil
}

// writeOCI writes an OCI archive with one layer of the given files.
func writeOCI(path string, files map[string][]byte) error {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int    `json:"size"`
	}
	var problem error
	put := func(mediaType string, data []byte) descriptor {
		sum := sha256.Sum256(data)
		digest := hex.EncodeToString(sum[:])
		if err := member(w, "blobs/sha256/"+digest, data); err != nil {
			problem = err
		}
		return descriptor{"application/vnd.oci.image." + mediaType, "sha256:" + digest, len(data)}
	}
	encode := func(v any) []byte {
		data, err := json.Marshal(v)
		if err != nil {
			problem = err
		}
		return data
	}
	var inner bytes.Buffer
	lw := tar.NewWriter(&inner)
	for name, data := range files {
		if err := member(lw, name, data); err != nil {
			return err
		}
	}
	if err := lw.Close(); err != nil {
		return err
	}
	layer := put("layer.v1.tar", inner.Bytes())
	config := put("config.v1+json", encode(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{"Entrypoint": []string{"/probe"}, "Cmd": []string{"serve"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layer.Digest}},
	}))
	manifest := put("manifest.v1+json", encode(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []descriptor{layer},
	}))
	index := encode(map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}})
	if problem != nil {
		return problem
	}
	if err := member(w, "index.json", index); err != nil {
		return err
	}
	if err := member(w, "oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func member(w *tar.Writer, name string, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func TestImages(t *testing.T) {
	by := map[string]string{
		"tag":           probeImage,
		"digest":        "selftest/probe@" + probeDigest,
		"other-host":    "registry.example:5000/" + probeImage,
		"tag-as-digest": probeImage + "@" + probeDigest,
	}
	for name, image := range by {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pod{name: "image-" + name, node: "node01", image: image, extra: "imagePullPolicy: Always"}
			p.run(t)
		})
	}
	t.Run("volume", func(t *testing.T) {
		t.Parallel()
		p := pod{name: "image-volume", node: "node02",
			volumes: "[{name: v, image: {reference: " + probeImage + "}}]",
			extra:   "volumeMounts: [{name: v, mountPath: /v}]"}
		p.run(t)
		if out := p.exec(t, "cat", "/v/data/hello"); out != "from the image" {
			t.Errorf("the image's file reads %q", out)
		}
	})
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		p := pod{name: "image-missing", node: "node01", image: "selftest/missing:devel"}
		p.apply(t)
		eventually(t, patience, func() error {
			out, err := kubectl("get", "pod", p.name, "-o=jsonpath={.status.containerStatuses[0].state.waiting.message}")
			if err == nil && !strings.Contains(out, "not found") {
				err = fmt.Errorf("a missing image is reported as %q", out)
			}
			return err
		})
	})
}
