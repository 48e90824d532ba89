//go:build e2e

package e2e

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// loadImage makes a container image of these files, readable by everybody, and brings
// it to the nodes under the name. Its program, if it has one, is among the files.
func loadImage(ctx context.Context, name string, files map[string][]byte, program ...string) {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	layer := filepath.Join(dir, "layer.tar")
	writeArchive(layer, files)
	content, err := os.ReadFile(layer)
	Expect(err).NotTo(HaveOccurred())
	sum := sha256.Sum256(content)
	config := marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{"Entrypoint": program, "User": "1001:1001"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	})
	manifest := marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"docker.io/" + name}, "Layers": []string{"layer.tar"}}})
	archive := filepath.Join(dir, "image.tar")
	writeArchive(archive, map[string][]byte{"layer.tar": content, "config.json": config, "manifest.json": manifest})
	_, err = run(ctx, checkout("hack", "cli.sh"), "load-image", "--name", name, archive)
	Expect(err).NotTo(HaveOccurred())
}

func writeArchive(path string, files map[string][]byte) {
	GinkgoHelper()
	file, err := os.Create(path)
	Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	archive := tar.NewWriter(file)
	for name, content := range files {
		Expect(archive.WriteHeader(&tar.Header{
			Name: strings.TrimPrefix(name, "/"), Typeflag: tar.TypeReg, Mode: 0o555, Size: int64(len(content)),
		})).To(Succeed())
		_, err := archive.Write(content)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(archive.Close()).To(Succeed())
}

func marshal(value any) []byte {
	GinkgoHelper()
	encoded, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return encoded
}

// tinyKernel takes kernel and initrd from the disk of the tiny guest's image.
func tinyKernel(ctx context.Context) (kernel, initrd []byte) {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	_, err := run(ctx, "sh", "-c", `set -e
cd "$1"
layer=$(tar -xOf "$2" manifest.json | grep -o '[0-9a-f]\{64\}\.tar' | head -n 1)
tar -xOf "$2" "$layer" | tar -x disk/tiny.qcow2
qemu-img convert -O raw disk/tiny.qcow2 raw
MTOOLS_SKIP_CHECK=1 mcopy -i raw@@1M ::/vmlinuz ::/initrd .`, "sh", dir, absolute(checkout("_out", "images", "guest-tiny.tar")))
	Expect(err).NotTo(HaveOccurred())
	kernel, err = os.ReadFile(filepath.Join(dir, "vmlinuz"))
	Expect(err).NotTo(HaveOccurred())
	initrd, err = os.ReadFile(filepath.Join(dir, "initrd"))
	Expect(err).NotTo(HaveOccurred())
	return kernel, initrd
}

func absolute(path string) string {
	GinkgoHelper()
	path, err := filepath.Abs(path)
	Expect(err).NotTo(HaveOccurred())
	return path
}
