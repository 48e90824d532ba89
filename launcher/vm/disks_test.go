package vm

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"libvirt.org/go/libvirtxml"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/domain"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

func TestDisksOfADomain(t *testing.T) {
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw")
	if err := os.WriteFile(raw, make([]byte, 1536), 0o600); err != nil {
		t.Fatal(err)
	}
	sparse, err := disk.EmptyDisk(dir, "scratch", 3<<30)
	if err != nil {
		t.Fatal(err)
	}
	prepared := map[string]domain.Disk{
		"seed":    {Path: raw, Format: disk.FormatRaw},
		"scratch": {Path: sparse.Path, Format: sparse.Format},
		"gone":    {Path: filepath.Join(dir, "gone"), Format: disk.FormatRaw},
		"mangled": {Path: raw, Format: disk.FormatQcow2},
	}
	built := &libvirtxml.Domain{Devices: &libvirtxml.DomainDeviceList{}}
	for target, volume := range map[string]string{"vda": "scratch", "sda": "seed", "sdb": "gone", "sdc": "mangled", "sdd": "empty-drive"} {
		built.Devices.Disks = append(built.Devices.Disks, libvirtxml.DomainDisk{
			Alias: &libvirtxml.DomainAlias{Name: domain.AliasPrefix + volume}, Target: &libvirtxml.DomainDiskTarget{Dev: target},
		})
	}
	got := disksOf(built, prepared)
	slices.SortFunc(got, func(a, b Disk) int { return len(a.Volume) - len(b.Volume) })
	for _, want := range []Disk{{"seed", "sda", 1536}, {"scratch", "vda", 3 << 30}, {"gone", "sdb", 0}, {"mangled", "sdc", 0}} {
		if !slices.Contains(got, want) {
			t.Errorf("%+v is not in %+v", want, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d disks: %+v", len(got), got)
	}
}

// A watcher that hears of a running guest hears of its disks at once.
func TestDisksComeWithTheFirstState(t *testing.T) {
	inBubble(t, time.Second, func(t *testing.T, m *Machine, _ *fakeHypervisor, _ *fakePreparer) {
		changed, stop := m.Watch()
		defer stop()
		go func() { _ = m.Sync(t.Context(), Wanted{}) }()
		for {
			<-changed
			if got := m.Snapshot(); got.Status.State == hypervisor.StateRunning {
				if len(got.Disks) != 1 || got.Disks[0] != (Disk{"root", "vda", 1 << 20}) {
					t.Errorf("disks %+v", got.Disks)
				}
				return
			}
		}
	})
}
