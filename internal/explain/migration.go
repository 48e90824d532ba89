package explain

import (
	"slices"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/migratability"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// migration tells why a guest cannot move. It is wrong only where the guest is to be
// moved off a node that is drained, which it then holds up; elsewhere it is a note.
func migration(v *view) []cause {
	condition := v.untrue(v1.ConditionLiveMigratable)
	if condition == nil {
		return nil // it can, or nobody has looked yet
	}
	strategy := v.spec.EvictionStrategy
	must := strategy != nil && *strategy == v1.EvictionStrategyLiveMigrate
	unsupported := strings.HasSuffix(condition.Message, migratability.Unsupported)
	var found []cause
	add := func(reason, message, remedy string, evidence ...*subresourcesv1.Evidence) {
		c := answer(subresourcesv1.QuestionNotMigratable, reason, message, remedy, evidence)
		c.note = !must
		found = append(found, c)
	}
	var reasons []string
	for _, b := range migratability.Bonds(v.VMI, migratability.Facts{}) {
		reasons = append(reasons, b.Reason)
		add(causeOf(b), b.Message, remedies[causeOf(b)], v.vmiSays(b.Field, b.Message))
	}
	if condition.Reason != v1.ReasonNotMigratable && !slices.Contains(reasons, condition.Reason) {
		add(condition.Reason, "The guest cannot migrate: "+sentence(condition.Message), "Change what the message names.",
			v.vmiCondition(condition))
	}
	if unsupported {
		found = append(found, note(answer(subresourcesv1.QuestionNotMigratable, v1.CauseMigrationUnsupported,
			"This version does not migrate guests.",
			"Restart the machine to have it run elsewhere.", []*subresourcesv1.Evidence{v.vmiCondition(condition)})))
	}
	return found
}

// remedies are what to do about a bond, by its reason.
var remedies = map[string]string{
	v1.CauseHostDiskNotLiveMigratable:               "Use a claim that is shared between nodes (ReadWriteMany).",
	v1.ReasonDisksNotLiveMigratable:                 shared,
	v1.ReasonHotplugNotLiveMigratable:               shared,
	v1.ReasonVirtIOFSNotLiveMigratable:              "Use a disk in place of the filesystem.",
	v1.ReasonInterfaceNotLiveMigratable:             "Bind it by masquerade, or use a secondary network.",
	v1.ReasonHostDeviceNotLiveMigratable:            "Take the device out of spec.template.spec.domain.devices.",
	v1.ReasonCPUModeNotLiveMigratable:               "Set spec.template.spec.domain.cpu.model to host-model or to a named model.",
	v1.ReasonHypervPassthroughNotLiveMigratable:     "Name the features in spec.template.spec.domain.features.hyperv.",
	v1.ReasonNoTSCFrequencyNotLiveMigratable:        "Take the feature out of spec.template.spec.domain.",
	v1.ReasonPersistentReservationNotLiveMigratable: "Use the LUN without a reservation.",
	v1.ReasonSEVNotLiveMigratable:                   confidential,
	v1.ReasonTDXNotLiveMigratable:                   confidential,
	v1.ReasonSecureExecutionNotLiveMigratable:       confidential,
}

const (
	shared       = "Use a claim with the access mode ReadWriteMany, on storage that can do that."
	confidential = "Such a guest stays where it is: restart it to have it run elsewhere."
)

// causeOf is the reason under which a bond is told: a file of the node has one of its own.
func causeOf(b migratability.Bond) string {
	if strings.HasSuffix(b.Field, ".hostDisk") {
		return v1.CauseHostDiskNotLiveMigratable
	}
	return b.Reason
}
