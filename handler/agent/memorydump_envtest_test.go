//go:build envtest

package agent

import (
	"testing"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// A guest's memory is dumped once, also if virt-handler is replaced before the launcher
// has begun, and again when it is done.
func TestMemoryDumpedOnce(t *testing.T) {
	s := newSuite(t, func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Volumes = append(vmi.Spec.Volumes, v1.Volume{
			Name: "dump", VolumeSource: v1.VolumeSource{MemoryDump: &v1.MemoryDumpVolumeSource{ClaimName: "claim"}},
		})
	})
	launcher := s.launcher()
	running := &protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0"}
	launcher.OnSync(func(*protocol.SyncRequest) error { launcher.SetState(running); return nil })
	launcher.OnSignal(func(*protocol.SignalRequest) error {
		dump := &protocol.MemoryDump{Volume: "dump", File: dumpName, Started: time.Now().Unix()}
		launcher.SetState(&protocol.DomainState{State: running.State, Machine: running.Machine, MemoryDump: dump})
		return nil
	})
	phase := func(want v1.VolumePhase) func(*v1.VirtualMachineInstance) bool {
		return func(vmi *v1.VirtualMachineInstance) bool {
			entry := v1.FindVolumeStatus(vmi.Status.VolumeStatus, "dump")
			return entry != nil && entry.Phase == want
		}
	}
	s.until("a dump in progress", phase(v1.VolumePhaseMemoryDumpInProgress))
	s.wantWrites(2)
	s.wantEvents("Normal Started")
	s.restart()
	dump := &protocol.MemoryDump{Volume: "dump", File: dumpName, Started: 1000, Ended: 1001}
	launcher.SetState(&protocol.DomainState{State: running.State, Machine: running.Machine, MemoryDump: dump})
	s.until("a complete dump", phase(v1.VolumePhaseMemoryDumpCompleted))
	s.wantWrites(1)
	s.wantEvents("Normal MemoryDumpCompleted")
	launcher.SetState(running) // as that of a later launcher, after a migration
	s.restart()
	s.until("the launcher's word", func(*v1.VirtualMachineInstance) bool { return launcher.Session() == 3 })
	for range 3 {
		if err := s.tryReconcile(); err != nil {
			t.Fatal(err)
		}
	}
	s.wantWrites(0)
	dumps := 0
	for _, action := range launcher.Signals() {
		if action == protocol.Action_ACTION_DUMP_MEMORY {
			dumps++
		}
	}
	if dumps != 1 {
		t.Errorf("signals %v", launcher.Signals())
	}
}
