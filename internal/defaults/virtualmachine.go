package defaults

import (
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// VirtualMachine fills in what must stay the same over every start of the
// machine. Identifiers are invented only for a new one.
func VirtualMachine(vm *v1.VirtualMachine, cfg *clusterconfig.Config, created bool, newUUID func() types.UID) {
	if vm.Spec.Template == nil {
		return
	}
	spec := &vm.Spec.Template.Spec
	architecture(spec, cfg)
	if !created {
		return
	}
	firmware(spec, newUUID)
	if spec.Domain.Firmware.Serial == "" {
		spec.Domain.Firmware.Serial = string(newUUID())
	}
}
