package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineStatus checks what others than our own components ask for by a
// machine's status.
func VirtualMachineStatus(status *v1.VirtualMachineStatus) field.ErrorList {
	path := field.NewPath("status")
	var errs field.ErrorList
	for i := range status.StateChangeRequests {
		action := status.StateChangeRequests[i].Action
		if action != v1.StateChangeRequestActionStart && action != v1.StateChangeRequestActionStop {
			errs = append(errs, field.NotSupported(path.Child("stateChangeRequests").Index(i).Child("action"), action,
				[]v1.StateChangeRequestAction{v1.StateChangeRequestActionStart, v1.StateChangeRequestActionStop}))
		}
	}
	if len(status.VolumeRequests) > 0 {
		errs = append(errs, field.Forbidden(path.Child("volumeRequests"),
			"not supported yet: change spec.template.spec.volumes, and restart the virtual machine"))
	}
	return errs
}
