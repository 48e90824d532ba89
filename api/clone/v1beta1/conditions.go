package v1beta1

import v1 "kubevirt.io/kubevirt/api/core/v1"

// Condition types of a VirtualMachineClone.
const (
	// ConditionReady says whether the copy is complete.
	ConditionReady v1.ConditionType = "Ready"
	// ConditionProgressing says whether the copy is being made.
	ConditionProgressing v1.ConditionType = "Progressing"
)
