package v1

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestVolumeUse(t *testing.T) {
	yes, no := true, false
	claim := Volume{Name: "data", VolumeSource: VolumeSource{PersistentVolumeClaim: &PersistentVolumeClaimVolumeSource{}}}
	readOnly := Volume{Name: "data", VolumeSource: VolumeSource{PersistentVolumeClaim: &PersistentVolumeClaimVolumeSource{ReadOnly: true}}}
	ephemeral := Volume{Name: "data", VolumeSource: VolumeSource{Ephemeral: &EphemeralVolumeSource{}}}
	disk, cdrom := DiskDevice{Disk: &DiskTarget{}}, DiskDevice{CDRom: &CDRomTarget{}}
	for name, c := range map[string]struct {
		volume Volume
		disks  []Disk
		shared bool
		want   VolumeUse
		writes bool
	}{
		"a disk":                         {volume: claim, disks: []Disk{{Name: "data", DiskDevice: disk}}, want: VolumeUseWrite, writes: true},
		"no drive says how":              {volume: claim, want: VolumeUseWrite, writes: true},
		"a CD-ROM":                       {volume: claim, disks: []Disk{{Name: "data", DiskDevice: cdrom}}, want: VolumeUseRead},
		"another volume's CD-ROM":        {volume: claim, disks: []Disk{{Name: "cd", DiskDevice: cdrom}}, want: VolumeUseWrite, writes: true},
		"a CD-ROM that can be burnt":     {volume: claim, disks: []Disk{{Name: "data", DiskDevice: DiskDevice{CDRom: &CDRomTarget{ReadOnly: &no}}}}, want: VolumeUseWrite, writes: true},
		"a read-only disk":               {volume: claim, disks: []Disk{{Name: "data", DiskDevice: DiskDevice{Disk: &DiskTarget{ReadOnly: true}}}}, want: VolumeUseRead},
		"a read-only LUN":                {volume: claim, disks: []Disk{{Name: "data", DiskDevice: DiskDevice{LUN: &LunTarget{ReadOnly: true}}}}, want: VolumeUseRead},
		"a read-only claim":              {volume: readOnly, disks: []Disk{{Name: "data", DiskDevice: disk}}, want: VolumeUseRead},
		"a shareable disk":               {volume: claim, disks: []Disk{{Name: "data", DiskDevice: disk, Shareable: &yes}}, want: VolumeUseShare, writes: true},
		"a shareable one, to read":       {volume: readOnly, disks: []Disk{{Name: "data", DiskDevice: disk, Shareable: &yes}}, want: VolumeUseFollow},
		"not a shareable one":            {volume: claim, disks: []Disk{{Name: "data", DiskDevice: disk, Shareable: &no}}, want: VolumeUseWrite, writes: true},
		"an ephemeral one":               {volume: ephemeral, disks: []Disk{{Name: "data", DiskDevice: disk}}, want: VolumeUseRead},
		"an ephemeral one, to be shared": {volume: ephemeral, disks: []Disk{{Name: "data", DiskDevice: disk, Shareable: &yes}}, want: VolumeUseRead},
		"a filesystem":                   {volume: claim, shared: true, want: VolumeUseShare, writes: true},
		"a read-only filesystem":         {volume: readOnly, shared: true, want: VolumeUseFollow},
	} {
		spec := &VirtualMachineInstanceSpec{}
		spec.Domain.Devices.Disks = c.disks
		if c.shared {
			spec.Domain.Devices.Filesystems = []Filesystem{{Name: "data"}}
		}
		if use, writes := spec.UseOf(&c.volume), spec.WritesTo(&c.volume); use != c.want || writes != c.writes {
			t.Errorf("%s: %q, writes %v", name, use, writes)
		}
	}
}

func TestVolumeUseAllows(t *testing.T) {
	all := []VolumeUse{VolumeUseRead, VolumeUseFollow, VolumeUseShare, VolumeUseWrite}
	// What a use at the left may have beside it.
	beside := map[VolumeUse][]VolumeUse{
		VolumeUseRead:   {VolumeUseRead, VolumeUseFollow},
		VolumeUseFollow: {VolumeUseRead, VolumeUseFollow, VolumeUseShare},
		VolumeUseShare:  {VolumeUseFollow, VolumeUseShare},
	}
	for _, one := range all {
		for _, other := range all {
			if want := slices.Contains(beside[one], other); one.Allows(other) != want {
				t.Errorf("%s beside %s: %v", one, other, !want)
			}
		}
	}
}

func TestReadOnlyClaim(t *testing.T) {
	claim := VolumeSource{PersistentVolumeClaim: &PersistentVolumeClaimVolumeSource{ReadOnly: true}}
	overlaid := func(readOnly bool) VolumeSource {
		return VolumeSource{Ephemeral: &EphemeralVolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ReadOnly: readOnly}}}
	}
	for i, c := range []struct {
		source VolumeSource
		want   bool
	}{{claim, true}, {overlaid(true), true}, {overlaid(false), false}, {VolumeSource{Ephemeral: &EphemeralVolumeSource{}}, false}} {
		if got := c.source.IsReadOnlyClaim(); got != c.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}
