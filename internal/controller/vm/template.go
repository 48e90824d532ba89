package vm

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// newInstance makes the instance of a machine from its template.
func newInstance(vm *v1.VirtualMachine) *v1.VirtualMachineInstance {
	template := vm.Spec.Template.DeepCopy()
	vmi := &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       vm.Namespace,
			Name:            vm.Name,
			Labels:          template.Metadata.Labels,
			Annotations:     maps.Clone(template.Metadata.Annotations),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)},
		},
		Spec: template.Spec,
	}
	if vmi.Annotations == nil {
		vmi.Annotations = map[string]string{}
	}
	vmi.Annotations[v1.AnnotationVMGeneration] = fmt.Sprint(vm.Generation)
	setFirmwareUUID(vm, vmi)
	dropAbsentInterfaces(&vmi.Spec)
	if strategy, _ := vm.RunStrategy(); strategy == v1.RunStrategyWaitAsReceiver {
		vmi.Annotations[v1.AnnotationCreateMigrationTarget] = "true"
	}
	due := dueRequests(vm.Status.StateChangeRequests, nil)
	if pendingRequest(due) == startRequest && due[0].Data[v1.StateChangeRequestDataPaused] == "true" {
		paused := v1.StartStrategyPaused
		vmi.Spec.StartStrategy = &paused
	}
	return vmi
}

// dropAbsentInterfaces leaves out what was unplugged from an earlier guest. One that
// is left without any interface is not to get the default one instead.
func dropAbsentInterfaces(spec *v1.VirtualMachineInstanceSpec) {
	devices, absent := &spec.Domain.Devices, map[string]bool{}
	devices.Interfaces = slices.DeleteFunc(devices.Interfaces, func(nic v1.Interface) bool {
		absent[nic.Name] = nic.State == v1.InterfaceStateAbsent
		return absent[nic.Name]
	})
	spec.Networks = slices.DeleteFunc(spec.Networks, func(network v1.Network) bool { return absent[network.Name] })
	if len(absent) > 0 && len(devices.Interfaces) == 0 {
		off := false
		devices.AutoattachPodInterface = &off
	}
}

// setFirmwareUUID gives the guest the same identity at every start, also where
// admission did not fill one in.
func setFirmwareUUID(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) {
	if vmi.Spec.Domain.Firmware == nil {
		vmi.Spec.Domain.Firmware = &v1.Firmware{}
	}
	if vmi.Spec.Domain.Firmware.UUID != "" {
		return
	}
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(vm.UID))
	vmi.Spec.Domain.Firmware.UUID = types.UID(id.String())
}
