package validate

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func TestVirtualMachineStatus(t *testing.T) {
	requests := func(actions ...v1.StateChangeRequestAction) v1.VirtualMachineStatus {
		var status v1.VirtualMachineStatus
		for _, action := range actions {
			status.StateChangeRequests = append(status.StateChangeRequests, v1.VirtualMachineStateChangeRequest{Action: action})
		}
		return status
	}
	for name, c := range map[string]struct {
		status v1.VirtualMachineStatus
		// refused is how each message begins.
		refused []string
	}{
		"nothing asked for":       {v1.VirtualMachineStatus{Ready: true, SnapshotInProgress: ptr.To("nightly")}, nil},
		"a start":                 {requests("Start"), nil},
		"a stop of whatever runs": {requests("Stop"), nil},
		"a restart":               {requests("Stop", "Start"), nil},
		"something else": {requests("Stop", "Reboot", ""), []string{
			`status.stateChangeRequests[1].action: Unsupported value: "Reboot": supported values: "Start", "Stop"`,
			`status.stateChangeRequests[2].action: Unsupported value: "": supported values: "Start", "Stop"`,
		}},
		"in another spelling": {requests("start"), []string{`status.stateChangeRequests[0].action: Unsupported value: "start"`}},
		"a volume": {
			v1.VirtualMachineStatus{VolumeRequests: []v1.VirtualMachineVolumeRequest{{}}},
			[]string{"status.volumeRequests: Forbidden: not supported yet"},
		},
	} {
		errs := VirtualMachineStatus(&c.status)
		if len(errs) != len(c.refused) {
			t.Errorf("%s: %v, want %q", name, errs, c.refused)
			continue
		}
		for i, err := range errs {
			if !strings.HasPrefix(err.Error(), c.refused[i]) {
				t.Errorf("%s: %v, want %q", name, err, c.refused[i])
			}
		}
	}
}
