package vm

import (
	"fmt"
	"maps"

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
