package agent

import (
	"strings"
	"testing"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// The loss of a filesystem is told, once, and the guest runs on.
func TestLostFilesystems(t *testing.T) {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Status.Phase = v1.VMIPhaseRunning
	vmi.Spec.Domain.Devices.Filesystems = []v1.Filesystem{{Name: "data"}, {Name: "tools"}}
	observed := func(lost ...string) observation {
		return observation{now: time.Unix(1e9, 0), state: &protocol.DomainState{State: protocol.State_STATE_RUNNING, LostFilesystems: lost}}
	}
	for _, c := range []struct {
		lost   []string
		named  string
		events int
	}{
		{nil, "", 0}, {[]string{"another's"}, "", 0}, {[]string{"data"}, "data ", 1}, {[]string{"data"}, "data ", 0},
		{[]string{"data", "tools"}, "data, tools ", 1}, {nil, "", 0},
	} {
		before := vmi.DeepCopy()
		setStatus(vmi, observed(c.lost...))
		told := vmi.Condition(v1.ConditionSynchronized)
		switch {
		case c.named == "" && told != nil:
			t.Errorf("%v: %+v", c.lost, told)
		case c.named == "":
		case told == nil || told.Reason != v1.ReasonMissingVirtiofsContainers || !strings.Contains(told.Message, c.named):
			t.Errorf("%v: %+v", c.lost, told)
		}
		if events := eventsFor(before, vmi); len(events) != c.events {
			t.Errorf("%v: events %v", c.lost, events)
		}
		if vmi.Status.Phase != v1.VMIPhaseRunning {
			t.Errorf("%v: phase %s", c.lost, vmi.Status.Phase)
		}
	}
}
