package vm

import (
	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
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
		found := explain.Explain(explain.Facts{VM: s.vm, VMI: s.vmi, DataVolumes: unfilled(s.storage.broken)})
		for i := range found.Causes {
			if c := &found.Causes[i]; c.Question != subresourcesv1.QuestionNotMigratable {
				condition.True(list, v1.ConditionImpeded, c.Reason, c.Message, s.now)
				return
			}
		}
	}
	condition.Remove(list, v1.ConditionImpeded)
}

// unfilled are data volumes that have failed, without why: that changes with every try to
// fill one, which is not to cost a write.
func unfilled(names []string) []cdiv1beta1.DataVolume {
	var list []cdiv1beta1.DataVolume
	for _, name := range names {
		volume := cdiv1beta1.DataVolume{Status: cdiv1beta1.DataVolumeStatus{Phase: cdiv1beta1.DataVolumeFailed}}
		volume.Name = name
		list = append(list, volume)
	}
	return list
}
