//go:build envtest

package agent

import (
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// What has become of the volumes is told in the one write of a start, beside what
// virt-controller has told of them.
func TestVolumesCostNoWrite(t *testing.T) {
	s := newSuite(t)
	name := s.vmi.Spec.Volumes[0].Name
	s.asController(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: name, PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{ClaimName: "c"}}}
	})
	launcher := s.launcher()
	launcher.OnSync(func(*protocol.SyncRequest) error {
		launcher.SetState(&protocol.DomainState{
			State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0", Disks: []*protocol.Disk{{Volume: name, Target: "vda", Size: 1 << 30}},
		})
		return nil
	})
	s.until("a running guest", inPhase(v1.VMIPhaseRunning))
	s.wantWrites(1)
	got := s.read().Status.VolumeStatus
	if len(got) != 1 || got[0].Target != "vda" || got[0].Size != 1<<30 || got[0].PersistentVolumeClaimInfo == nil {
		t.Errorf("volumes %+v", got)
	}
}
