package vm

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
)

// wantsDisk is the wanted state of a guest with one disk whose volume is at a path.
func wantsDisk(source v1.VolumeSource, path string, info *v1.PersistentVolumeClaimInfo) (Wanted, *v1.Volume) {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Volumes = []v1.Volume{{Name: "data", VolumeSource: source}}
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "data"}}
	vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "data", PersistentVolumeClaimInfo: info}}
	return Wanted{VMI: vmi, Volumes: map[string]string{"data": path}}, &vmi.Spec.Volumes[0]
}

func claimWith(t *testing.T, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	if content != nil {
		if err := os.WriteFile(filepath.Join(dir, "disk.img"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestClaimVolumes(t *testing.T) {
	image := bytes.Repeat([]byte("x"), 1<<20)
	claim := v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}
	readOnly := v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "c", ReadOnly: true}}
	ephemeral := v1.VolumeSource{Ephemeral: &v1.EphemeralVolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"},
	}}
	ofSize := &v1.PersistentVolumeClaimInfo{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("2Mi")}}
	for name, c := range map[string]struct {
		source  v1.VolumeSource
		content []byte
		info    *v1.PersistentVolumeClaimInfo
		// size of the image in the claim afterwards.
		size                    int64
		format                  string
		allocated, preallocated bool
		err                     string
	}{
		"an image":           {source: claim, content: image, size: 1 << 20, format: "raw", allocated: true},
		"one made in full":   {source: claim, content: image, info: &v1.PersistentVolumeClaimInfo{Preallocated: true}, size: 1 << 20, format: "raw", allocated: true, preallocated: true},
		"none yet":           {source: claim, info: ofSize, size: 2 << 20, format: "raw"},
		"none, and it stays": {source: readOnly, info: ofSize, err: "holds no disk.img"},
		"below an overlay":   {source: ephemeral, content: image, size: 1 << 20, format: "qcow2"},
		"nothing below":      {source: ephemeral, info: ofSize, err: "holds no disk.img"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := claimWith(t, c.content)
			p := &Local{DisksDir: t.TempDir()}
			got, err := p.volume(wantsDisk(c.source, dir, c.info))
			info, statErr := os.Stat(filepath.Join(dir, "disk.img"))
			if c.err != "" {
				if !errors.Is(err, disk.ErrInvalid) || !strings.Contains(err.Error(), c.err) || !os.IsNotExist(statErr) {
					t.Errorf("error is %v, the claim holds %v", err, info)
				}
				return
			}
			if err != nil || statErr != nil || info.Size() != c.size {
				t.Fatalf("error is %v, the claim holds %v, %v", err, info, statErr)
			}
			source := got["data"]
			if source.Format != c.format || source.Allocated != c.allocated || source.Preallocated != c.preallocated {
				t.Errorf("it is %+v", source)
			}
			if overlaid := c.format == "qcow2"; overlaid != (source.Backing != nil) || overlaid && source.Backing.Path != filepath.Join(dir, "disk.img") {
				t.Errorf("below it is %+v", source.Backing)
			}
		})
	}
}

func TestHostDiskVolume(t *testing.T) {
	dir := claimWith(t, make([]byte, 1<<20))
	source := v1.VolumeSource{HostDisk: &v1.HostDisk{Path: "/data/disk.img", Type: v1.HostDiskTypeDisk}}
	got, err := (&Local{}).volume(wantsDisk(source, filepath.Join(dir, "disk.img"), nil))
	if err != nil || got["data"].Path != filepath.Join(dir, "disk.img") || got["data"].Format != "raw" {
		t.Errorf("it is %+v, %v", got["data"], err)
	}
	if _, err := (&Local{}).volume(wantsDisk(source, dir, nil)); !errors.Is(err, disk.ErrInvalid) {
		t.Errorf("a directory: %v", err)
	}
}

func TestMatchBlocks(t *testing.T) {
	dir := claimWith(t, make([]byte, 1<<20))
	below := filepath.Join(dir, "disk.img")
	want, err := disk.BlockSizesOf(below)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	for name, c := range map[string]struct {
		size    *v1.BlockSize
		source  domain.Disk
		matched bool
	}{
		"asked for": {&v1.BlockSize{MatchVolume: &v1.FeatureState{}}, domain.Disk{Path: below}, true},
		"of what lies below": {&v1.BlockSize{MatchVolume: &v1.FeatureState{}},
			domain.Disk{Path: dir + "/none", Backing: &domain.DiskBacking{Path: below}}, true},
		"not asked for":   {nil, domain.Disk{Path: below}, false},
		"switched off":    {&v1.BlockSize{MatchVolume: &v1.FeatureState{Enabled: &no}}, domain.Disk{Path: below}, false},
		"said in numbers": {&v1.BlockSize{Custom: &v1.CustomBlockSize{Logical: 512, Physical: 512}}, domain.Disk{Path: below}, false},
	} {
		vmi := &v1.VirtualMachineInstance{}
		vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "data", BlockSize: c.size}, {Name: "empty", BlockSize: c.size}}
		prepared := map[string]domain.Disk{"data": c.source}
		if err := matchBlocks(vmi, prepared); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		blocks := prepared["data"].Blocks
		if (blocks != nil) != c.matched || blocks != nil && *blocks != domain.DiskBlockSizes(want) {
			t.Errorf("%s: %+v", name, blocks)
		}
	}
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "data", BlockSize: &v1.BlockSize{MatchVolume: &v1.FeatureState{}}}}
	err = matchBlocks(vmi, map[string]domain.Disk{"data": {Path: dir + "/none"}})
	if err == nil || !strings.Contains(err.Error(), "disk data: blockSize.matchVolume") {
		t.Errorf("error is %v", err)
	}
}
