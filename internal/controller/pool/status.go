package pool

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/condition"
)

// setStatus is the one place that turns what was found into the status.
func setStatus(s *scope) {
	st := &s.pool.Status
	if s.selector != nil {
		st.LabelSelector = s.selector.String()
	}
	if s.claimed {
		st.Replicas, st.ReadyReplicas = int32(len(s.machines)), 0
		for _, m := range s.machines {
			if m.ready() {
				st.ReadyReplicas++
			}
		}
	}
	if s.pool.Spec.Paused {
		condition.True(&st.Conditions, v1.ConditionReplicaPaused, v1.ReasonReplicaPaused, "The pool leaves its machines as they are.", s.now)
	} else {
		condition.Remove(&st.Conditions, v1.ConditionReplicaPaused)
	}
	if s.failure != nil {
		condition.True(&st.Conditions, v1.ConditionReplicaFailure, s.failure.reason, s.failure.message, s.now)
	} else {
		condition.Remove(&st.Conditions, v1.ConditionReplicaFailure)
	}
}

func paused(pool *poolv1beta1.VirtualMachinePool) bool {
	return v1.IsConditionTrue(pool.Status.Conditions, v1.ConditionReplicaPaused)
}
