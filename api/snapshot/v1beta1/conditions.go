package v1beta1

import v1 "kubevirt.io/kubevirt/api/core/v1"

// Condition types of snapshots and restores.
const (
	// ConditionReady says whether the snapshot can be restored, or the restore is complete.
	ConditionReady v1.ConditionType = "Ready"
	// ConditionProgressing says whether work is under way.
	ConditionProgressing v1.ConditionType = "Progressing"
	// ConditionFailure says that a snapshot cannot be completed.
	ConditionFailure v1.ConditionType = "Failure"
)
