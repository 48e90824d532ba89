package agent

import (
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

const dumpName = "guest-claim-20261126-120000.memory.dump"

func withDump(vmi *v1.VirtualMachineInstance) {
	vmi.Spec.Volumes = []v1.Volume{{
		Name: "dump", VolumeSource: v1.VolumeSource{MemoryDump: &v1.MemoryDumpVolumeSource{ClaimName: "claim"}},
	}}
	vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "dump", PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{ClaimName: "claim"}}}
}

// dumping is a guest whose memory is being written, or was if ended is set.
func dumping(ended int64, message string) *protocol.DomainState {
	state := domain(protocol.State_STATE_RUNNING, "")
	state.MemoryDump = &protocol.MemoryDump{Volume: "dump", File: dumpName, Started: 1000, Ended: ended, Error: message}
	return state
}

func TestMemoryDump(t *testing.T) {
	info := func(ended int64) *v1.DomainMemoryDumpInfo {
		return &v1.DomainMemoryDumpInfo{
			StartTimestamp: &metav1.Time{Time: metav1.Unix(1000, 0).Time}, EndTimestamp: stamp(ended), ClaimName: "claim", TargetFileName: dumpName,
		}
	}
	foreign := dumping(2000, "")
	foreign.MemoryDump.Volume = "root"
	outside := dumping(2000, "")
	outside.MemoryDump.File = "../" + dumpName
	for name, tc := range map[string]struct {
		states []*protocol.DomainState
		want   v1.VolumeStatus
		event  string
	}{
		"not begun":     {[]*protocol.DomainState{domain(protocol.State_STATE_RUNNING, "")}, v1.VolumeStatus{}, ""},
		"of no volume":  {[]*protocol.DomainState{foreign}, v1.VolumeStatus{}, ""},
		"of a bad name": {[]*protocol.DomainState{outside}, v1.VolumeStatus{}, ""},
		"in progress": {
			[]*protocol.DomainState{dumping(0, "")}, v1.VolumeStatus{Phase: v1.VolumePhaseMemoryDumpInProgress, MemoryDumpVolume: info(0)}, "",
		},
		"complete": {
			[]*protocol.DomainState{dumping(0, ""), dumping(1060, "")},
			v1.VolumeStatus{Phase: v1.VolumePhaseMemoryDumpCompleted, MemoryDumpVolume: info(1060)}, "Normal MemoryDumpCompleted",
		},
		"failed": {
			[]*protocol.DomainState{dumping(1001, "no room")},
			v1.VolumeStatus{Phase: v1.VolumePhaseMemoryDumpFailed, Reason: v1.ReasonMemoryDumpError, Message: "no room", MemoryDumpVolume: info(1001)},
			"Warning MemoryDumpFailed",
		},
		"what has come of it stands": {
			[]*protocol.DomainState{dumping(1060, ""), dumping(0, ""), dumping(1, "x"), domain(protocol.State_STATE_SHUTOFF, "Destroyed")},
			v1.VolumeStatus{Phase: v1.VolumePhaseMemoryDumpCompleted, MemoryDumpVolume: info(1060)}, "Normal MemoryDumpCompleted",
		},
		"the guest ends": {
			[]*protocol.DomainState{dumping(0, ""), domain(protocol.State_STATE_SHUTOFF, "Shutdown")},
			v1.VolumeStatus{
				Phase: v1.VolumePhaseMemoryDumpFailed, Reason: v1.ReasonMemoryDumpError, Message: "the guest ended before its memory was written",
				MemoryDumpVolume: info(noon.Unix()),
			}, "Warning MemoryDumpFailed",
		},
	} {
		vmi := instance(v1.VMIPhaseRunning, withDump)
		var events []string
		for _, state := range tc.states {
			before := vmi.DeepCopy()
			setStatus(vmi, observation{state: state, now: noon})
			for _, e := range dumpEvents(before, vmi) {
				events = append(events, e.Type+" "+e.Reason)
			}
		}
		got := vmi.Status.VolumeStatus[0]
		tc.want.Name, tc.want.PersistentVolumeClaimInfo = got.Name, got.PersistentVolumeClaimInfo
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
		if strings.Join(events, ",") != tc.event {
			t.Errorf("%s: events %v", name, events)
		}
		if c := vmi.Condition(v1.ConditionPaused); c != nil && c.Status == corev1.ConditionTrue {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestWantsDump(t *testing.T) {
	with := func(entry v1.VolumeStatus) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) {
			withDump(vmi)
			vmi.Status.VolumeStatus = []v1.VolumeStatus{entry}
		}
	}
	begun := v1.VolumeStatus{Name: "dump", MemoryDumpVolume: &v1.DomainMemoryDumpInfo{}}
	leaving := func(vmi *v1.VirtualMachineInstance) {
		withDump(vmi)
		vmi.DeletionTimestamp = &metav1.Time{Time: noon}
	}
	running := domain(protocol.State_STATE_RUNNING, "")
	for name, tc := range map[string]struct {
		vmi   *v1.VirtualMachineInstance
		state *protocol.DomainState
		want  bool
	}{
		"a guest that runs":          {instance(v1.VMIPhaseRunning, withDump), running, true},
		"before that is told":        {instance(v1.VMIPhaseScheduled, withDump), running, false},
		"without a volume":           {instance(v1.VMIPhaseRunning, withVolumes), running, false},
		"paused":                     {instance(v1.VMIPhaseRunning, withDump), domain(protocol.State_STATE_PAUSED, "User"), false},
		"begun, says the launcher":   {instance(v1.VMIPhaseRunning, withDump), dumping(0, ""), false},
		"begun, says the status":     {instance(v1.VMIPhaseRunning, with(begun)), running, false},
		"an entry of something else": {instance(v1.VMIPhaseRunning, with(v1.VolumeStatus{Name: "dump"})), running, true},
		"on its way out":             {instance(v1.VMIPhaseRunning, leaving), running, false},
		"no launcher":                {instance(v1.VMIPhaseRunning, withDump), nil, false},
	} {
		if got := wantsDump(tc.vmi, tc.state); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
