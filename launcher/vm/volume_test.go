package vm

import (
	"os"
	"path/filepath"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk/qcow2"
)

// What a volume says about its disk is what its disk becomes.
func TestVolumesOfTheLauncher(t *testing.T) {
	image := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.WriteFile(filepath.Join(image, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vmi := vmiOf(t, `
spec:
  volumes:
  - name: root
    containerDisk: {image: i, path: /two}
  - name: scratch
    emptyDisk: {capacity: 3Mi}
`)
	p, wanted := &Local{DisksDir: t.TempDir()}, Wanted{VMI: vmi, Volumes: map[string]string{"root": image}}
	disk := func(volume *v1.Volume) (path string, size uint64, base string) {
		t.Helper()
		disks, err := p.volume(wanted, volume)
		if err != nil {
			t.Fatal(err)
		}
		made := disks[volume.Name]
		f, err := os.Open(made.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		header, _, err := qcow2.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		if made.Backing != nil {
			base = made.Backing.Path
		}
		return made.Path, header.Size, base
	}
	if _, _, base := disk(&vmi.Spec.Volumes[0]); base != filepath.Join(image, "two") {
		t.Errorf("the image's disk is %s", base)
	}
	if _, size, _ := disk(&vmi.Spec.Volumes[1]); size != 3<<20 {
		t.Errorf("an empty disk of %d bytes", size)
	}
}
