package replicaset

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
)

// setStatus is the one place that turns what was found into the status.
func setStatus(s *scope) {
	st := &s.set.Status
	if s.selector != nil {
		st.LabelSelector = s.selector.String()
		st.Replicas, st.ReadyReplicas = count(s.instances)
	}
	if s.set.Spec.Paused {
		condition.True(&st.Conditions, v1.ConditionReplicaPaused, v1.ReasonReplicaPaused,
			"The replica set neither creates nor deletes instances.", s.now)
	} else {
		condition.Remove(&st.Conditions, v1.ConditionReplicaPaused)
	}
	if s.failure != nil {
		condition.True(&st.Conditions, v1.ConditionReplicaFailure, s.failure.reason, s.failure.message, s.now)
	} else {
		condition.Remove(&st.Conditions, v1.ConditionReplicaFailure)
	}
}

func paused(set *v1.VirtualMachineInstanceReplicaSet) bool {
	return v1.IsConditionTrue(set.Status.Conditions, v1.ConditionReplicaPaused)
}

func count(instances []*v1.VirtualMachineInstance) (replicas, ready int32) {
	for _, vmi := range instances {
		if !vmi.DeletionTimestamp.IsZero() || vmi.IsFinal() {
			continue
		}
		replicas++
		if vmi.IsConditionTrue(v1.ConditionReady) {
			ready++
		}
	}
	return replicas, ready
}
