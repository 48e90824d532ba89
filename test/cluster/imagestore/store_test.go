package imagestore

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for reference, want := range map[string]string{
		"busybox":                            "library/busybox:latest",
		"busybox:1":                          "library/busybox:1",
		"docker.io/busybox:1":                "library/busybox:1",
		"kubevirt/virt-launcher:devel":       "kubevirt/virt-launcher:devel",
		"quay.io/kubevirt/virt-api:v1":       "kubevirt/virt-api:v1",
		"quay.io/single:v1":                  "single:v1",
		"registry:5000/kubevirt/virt-api:v1": "kubevirt/virt-api:v1",
		"localhost/x":                        "x:latest",
		"Upper/case:1":                       "",
		"../../etc:1":                        "",
		"a/x:../y":                           "",
	} {
		repository, tag, err := Parse(reference)
		got := repository + ":" + tag
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%s: got %q (%v), want %q", reference, got, err, want)
		}
	}
}

func tarOf(t *testing.T, files map[string]string, links map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, to := range links {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDockerArchive loads what `docker save` writes, older and newer, packed
// and not, and pulls it as a container runtime would.
func TestDockerArchive(t *testing.T) {
	plain, packed := "a plain layer", string(gzipped(t, []byte("a packed layer")))
	archive := tarOf(t, map[string]string{
		"./manifest.json": `[{"Config":"c.json","RepoTags":["quay.io/some/image:v1"],"Layers":["1/layer.tar","2/layer.tar","3.tar"]}]`,
		"c.json":          `{"os":"linux"}`,
		"1/layer.tar":     plain,
		"3.tar":           packed,
	}, map[string]string{"2/layer.tar": "../1/layer.tar"})
	for name, data := range map[string][]byte{"plain": archive, "gzipped": gzipped(t, archive)} {
		t.Run(name, func(t *testing.T) {
			store, err := Open(filepath.Join(t.TempDir(), "store"))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "image")
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
			images, err := store.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(images) != 1 || len(images[0].Names) != 1 || images[0].Names[0] != "quay.io/some/image:v1" {
				t.Fatalf("loaded %+v", images)
			}
			if err := store.Tag(images[0].Names[0], images[0].Digest); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(store)
			defer server.Close()
			for _, ref := range []string{"v1", images[0].Digest} {
				m := pull(t, server.URL+"/v2/some/image/manifests/"+ref)
				if m.MediaType != TypeManifest || len(m.Layers) != 3 || m.Layers[0].MediaType != TypeTar || m.Layers[2].MediaType != TypeTarGzip {
					t.Fatalf("manifest %+v", m)
				}
				for i, want := range []string{plain, plain, packed} {
					if got := body(t, server.URL+"/v2/some/image/blobs/"+m.Layers[i].Digest, http.StatusOK); got != want {
						t.Errorf("layer %d is %q", i, got)
					}
				}
			}
		})
	}
}

func pull(t *testing.T, url string) Manifest {
	t.Helper()
	var m Manifest
	if err := json.Unmarshal([]byte(body(t, url, http.StatusOK)), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func body(t *testing.T, url string, status int) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != status {
		t.Fatalf("%s: %s %s", url, answer.Status, data)
	}
	return string(data)
}

// TestDamagedOCI loads an archive whose content is not what it says.
func TestDamagedOCI(t *testing.T) {
	digest := strings.Repeat("0", 64)
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]map[string]string{
		"is missing": {"index.json": `{"manifests":[{"mediaType":"` + TypeManifest + `","digest":"sha256:` + digest + `"}]}`},
		"has digest": {"index.json": `{"manifests":[{"mediaType":"` + TypeManifest + `","digest":"sha256:` + digest + `"}]}`, "blobs/sha256/" + digest: "{}"},
	} {
		file := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(file, tarOf(t, files, nil), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Load(file); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}

func TestNothingThere(t *testing.T) {
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(store)
	defer server.Close()
	none := "sha256:" + strings.Repeat("0", 64)
	for _, path := range []string{"/v2/a/manifests/x", "/v2/a/manifests/" + none, "/v2/a/blobs/" + none, "/v2/a/blobs/..%2f..%2fx", "/other"} {
		body(t, server.URL+path, http.StatusNotFound)
	}
}
