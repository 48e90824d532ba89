package agent

import (
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// withVolumes has a container disk, and a claim of 1 GiB.
func withVolumes(vmi *v1.VirtualMachineInstance) {
	mode := corev1.PersistentVolumeFilesystem
	vmi.Spec.Volumes = []v1.Volume{
		{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "i"}}},
		{Name: "data", VolumeSource: v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"}}},
	}
	vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "root"}, {Name: "data", PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{
		ClaimName: "claim", VolumeMode: &mode, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
	}}}
}

func withDisks(size int64) *protocol.DomainState {
	state := domain(protocol.State_STATE_RUNNING, "")
	state.Disks = []*protocol.Disk{
		{Volume: "root", Target: "vda", Size: 5 << 20}, {Volume: "data", Target: "sda", Size: size},
		{Volume: "somebody's", Target: "vdb", Size: 1}, {Volume: "data", Target: "../etc", Size: 1},
	}
	return state
}

func TestVolumesOfAGuestThatStarts(t *testing.T) {
	vmi := instance(v1.VMIPhaseScheduled, withVolumes)
	setStatus(vmi, observation{state: withDisks(1 << 30), network: facts(), synced: true, now: noon})
	got := vmi.Status.VolumeStatus
	if len(got) != 2 || got[0] != (v1.VolumeStatus{Name: "root", Target: "vda", Size: 5 << 20}) ||
		got[1].Target != "sda" || got[1].Size != 1<<30 || got[1].Reason != "" || got[1].PersistentVolumeClaimInfo == nil {
		t.Errorf("volumes %+v", got)
	}
	live := vmi.Condition(v1.ConditionLiveMigratable)
	if live.Reason != v1.ReasonDisksNotLiveMigratable || !strings.Contains(live.Message, "claim claim of volume data") {
		t.Errorf("condition %+v", live)
	}

	for what, state := range map[string]*protocol.DomainState{
		"the same": withDisks(1 << 30), "no disks, as a launcher of the previous version": domain(protocol.State_STATE_RUNNING, ""),
	} {
		again := vmi.DeepCopy()
		setStatus(again, observation{state: state, now: noon.Add(time.Hour)})
		if !reflect.DeepEqual(again.Status, vmi.Status) {
			t.Errorf("%s: the status changed to %+v", what, again.Status)
		}
	}
}

func TestVolumeWithoutAnEntry(t *testing.T) {
	vmi := instance(v1.VMIPhaseScheduled, withVolumes)
	vmi.Status.VolumeStatus = nil // of an instance that an older virt-controller handed over
	setStatus(vmi, observation{state: withDisks(1), network: facts(), synced: true, now: noon})
	if got := vmi.Status.VolumeStatus; len(got) != 2 || got[1].Name != "data" || got[1].Target != "sda" {
		t.Errorf("volumes %+v", got)
	}
}

func TestPausedByADisk(t *testing.T) {
	for name, tc := range map[string]struct {
		failed *protocol.DiskError
		want   string
	}{
		"full claim":       {&protocol.DiskError{Volume: "data", NoSpace: true}, "claim claim of volume data is full: make room"},
		"bad claim":        {&protocol.DiskError{Volume: "data"}, "claim claim of volume data returned an error"},
		"full scratch":     {&protocol.DiskError{Volume: "root", NoSpace: true}, "the storage of volume root is full"},
		"no name":          {nil, "VMI was paused, IO error"},
		"somebody's claim": {&protocol.DiskError{Volume: "other", NoSpace: true}, "VMI was paused, IO error"},
	} {
		before := instance(v1.VMIPhaseRunning, withVolumes)
		after := before.DeepCopy()
		state := domain(protocol.State_STATE_PAUSED, "IOError")
		state.DiskError = tc.failed
		setStatus(after, observation{state: state, now: noon})
		paused := after.Condition(v1.ConditionPaused)
		if paused == nil || paused.Reason != v1.ReasonPausedIOError || !strings.Contains(paused.Message, tc.want) {
			t.Errorf("%s: condition %+v", name, paused)
			continue
		}
		events := eventsFor(before, after)
		if len(events) != 1 || events[0].Reason != v1.EventPaused || events[0].Type != corev1.EventTypeWarning || events[0].Message != paused.Message {
			t.Errorf("%s: events %v", name, events)
		}
	}
}
