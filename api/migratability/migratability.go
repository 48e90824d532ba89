// Package migratability says what ties a guest to its node: a pure function over its
// instance, and the two conditions that follow from it.
package migratability

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Unsupported ends the message of LiveMigratable as long as nothing migrates guests:
// the condition is a promise, by which evictions are decided.
const Unsupported = "Live migration is not supported by this version."

// Bond ties a guest to its node.
type Bond struct {
	// Reason is the one of the condition.
	Reason string
	// Field is where the instance says so.
	Field string
	// Message is a sentence that tells people.
	Message string
}

// Facts are what is known beside the instance.
type Facts struct {
	// Plugin returns the plugin that binds an interface, false where there is none. A
	// nil function concludes nothing about plugins.
	Plugin func(*v1.Interface) (v1.InterfaceBindingPlugin, bool)
}

// Bonds lists everything that ties the guest to its node, the most important first.
func Bonds(vmi *v1.VirtualMachineInstance, facts Facts) []Bond {
	bonds := slices.Concat(interfaces(vmi, facts), filesystems(vmi), devices(vmi), processor(vmi), reservations(vmi), volumes(vmi))
	slices.SortStableFunc(bonds, func(a, b Bond) int {
		return cmp.Compare(slices.Index(precedence, a.Reason), slices.Index(precedence, b.Reason))
	})
	return bonds
}

// precedence decides which reason a condition has. What storage is to blame for comes
// last: there are migrations that copy it, to which nothing else may be in the way.
var precedence = []string{
	v1.ReasonInterfaceNotLiveMigratable, v1.ReasonCPUModeNotLiveMigratable, v1.ReasonVirtIOFSNotLiveMigratable,
	v1.ReasonHostDeviceNotLiveMigratable, v1.ReasonSEVNotLiveMigratable, v1.ReasonSecureExecutionNotLiveMigratable,
	v1.ReasonTDXNotLiveMigratable, v1.ReasonNoTSCFrequencyNotLiveMigratable, v1.ReasonHypervPassthroughNotLiveMigratable,
	v1.ReasonPersistentReservationNotLiveMigratable, v1.ReasonHotplugNotLiveMigratable, v1.ReasonDisksNotLiveMigratable,
}

// ofStorage reports whether copying the volumes to where other nodes reach them would
// break the bond.
func (b Bond) ofStorage() bool {
	return b.Reason == v1.ReasonDisksNotLiveMigratable || b.Reason == v1.ReasonHotplugNotLiveMigratable
}

// Live returns the condition LiveMigratable, without its times.
func Live(bonds []Bond) v1.Condition {
	reason := v1.ReasonNotMigratable
	if len(bonds) > 0 {
		reason = bonds[0].Reason
	}
	return v1.Condition{
		Type: v1.ConditionLiveMigratable, Status: corev1.ConditionFalse, Reason: reason,
		Message: strings.Join(append(messages(bonds), Unsupported), " "),
	}
}

// Storage returns the condition StorageLiveMigratable, without its times: whether the
// guest could move if its volumes moved with it.
func Storage(bonds []Bond) v1.Condition {
	others := slices.DeleteFunc(slices.Clone(bonds), Bond.ofStorage)
	if len(others) == 0 {
		return v1.Condition{Type: v1.ConditionStorageLiveMigratable, Status: corev1.ConditionTrue}
	}
	return v1.Condition{
		Type: v1.ConditionStorageLiveMigratable, Status: corev1.ConditionFalse, Reason: v1.ReasonNotMigratable,
		Message: strings.Join(messages(others), " "),
	}
}

func messages(bonds []Bond) []string {
	var list []string
	for _, b := range bonds {
		list = append(list, b.Message)
	}
	return list
}
