package webhook

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

func TestStatus(t *testing.T) {
	with := func(status v1.VirtualMachineStatus) *v1.VirtualMachine {
		vm := builder.VM("ns", "vm", v1.RunStrategyManual)
		vm.Kind, vm.Status = v1.KindVirtualMachine, status
		return vm
	}
	asks := func(action v1.StateChangeRequestAction) v1.VirtualMachineStatus {
		return v1.VirtualMachineStatus{StateChangeRequests: []v1.VirtualMachineStateChangeRequest{{Action: action}}}
	}
	odd := asks("Reboot")
	oddAndReady := odd
	oddAndReady.Ready = true
	for name, c := range map[string]struct {
		object, old any
		refused     string
	}{
		"a start":                      {with(asks("Start")), with(v1.VirtualMachineStatus{}), ""},
		"something else":               {with(odd), with(asks("Start")), "status.stateChangeRequests[0].action"},
		"created with something else":  {with(odd), nil, "status.stateChangeRequests[0].action"},
		"beside what was there before": {with(oddAndReady), with(odd), ""},
		"of a replica set":             {&v1.VirtualMachineInstanceReplicaSet{}, &v1.VirtualMachineInstanceReplicaSet{}, ""},
	} {
		response := ask(t, "/status-validate", user, c.object, c.old)
		if response.Allowed != (c.refused == "") {
			t.Errorf("%s: allowed %v: %v", name, response.Allowed, response.Result)
		} else if c.refused != "" && !strings.Contains(response.Result.Message, c.refused) {
			t.Errorf("%s: message %q does not name %q", name, response.Result.Message, c.refused)
		}
	}
}
