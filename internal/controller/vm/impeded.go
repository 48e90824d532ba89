package vm

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/condition"
	"kubevirt.io/kubevirt/internal/explain"
)

// setImpeded says what keeps the machine from being as it was asked to be, as far as
// this controller's own objects tell. The time is no part of that: what merely lasts
// long is for virt-api to tell who asks, and passing time costs no write.
func setImpeded(s *scope) {
	list := &s.vm.Status.Conditions
	if !s.stopping() || s.vmi.IsFinal() {
		found := explain.Explain(explain.Facts{VM: s.vm, VMI: s.vmi, DataVolumes: s.storage.volumes})
		for i := range found.Causes {
			if c := &found.Causes[i]; c.Question != subresourcesv1.QuestionNotMigratable {
				condition.True(list, v1.ConditionImpeded, c.Reason, c.Message, s.now)
				return
			}
		}
	}
	condition.Remove(list, v1.ConditionImpeded)
}
