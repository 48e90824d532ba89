// Package explain says why a virtual machine is not running, not ready or not
// migratable: a pure function over the objects that have a part in it.
package explain

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// Facts are what is known about a machine. Only the machine is required: a list
// that is nil was not looked at, and nothing is concluded from its emptiness.
type Facts struct {
	VM *v1.VirtualMachine
	// VMI is the machine's own instance, nil without one.
	VMI *v1.VirtualMachineInstance
	// Pods are the instance's launcher pods.
	Pods []corev1.Pod
	// Events are about the machine, its instance, its pods and its claims.
	Events []corev1.Event
	// Claims and DataVolumes are those that the machine's volumes name.
	Claims      []corev1.PersistentVolumeClaim
	DataVolumes []cdiv1beta1.DataVolume
	// StorageClasses are all of the cluster's.
	StorageClasses []storagev1.StorageClass
	// Nodes are all of the cluster's, or only that of the instance.
	Nodes []corev1.Node
	// Quotas and LimitRanges are those of the machine's namespace.
	Quotas      []corev1.ResourceQuota
	LimitRanges []corev1.LimitRange
	// Users are other pods of the namespace that use the machine's claims.
	Users []corev1.Pod
	// Omitted says of what there is more than was looked at.
	Omitted []string
	// Now is compared with when things began. Without it nothing has lasted long: the
	// answer follows from the objects alone, and is the same as long as they are.
	Now time.Time
}

// cause is one answer; a note is one that tells of nothing wrong.
type cause struct {
	subresourcesv1.Cause
	note bool
}

// area looks for causes of one kind.
type area func(*view) []cause

// What keeps a wanted guest from running, in the order in which a start meets it: the
// first area that knows something answers, and what follows from it is not told.
var obstacles = []area{
	strategyInvalid, refused, dataVolumes, claims, podEnded, nodeDown, scheduling, images, mounts, containers, domain,
	crashLoop, keepsEnding, guestFailed, receiver, slow, startPending,
}

// What keeps a guest that runs from being ready.
var unready = []area{paused, podLeaving, nodeDown, probes, notReady}

// Explain says what keeps the machine from being as it was asked to be. What is
// merely on its way is no cause until it has taken too long.
func Explain(f Facts) subresourcesv1.VirtualMachineExplanation {
	v := newView(f)
	var found []cause
	switch {
	case v.leaving():
		found = ending(v)
	case v.runs():
		found = append(first(v, unready), keepsEnding(v)...)
		found = append(found, migration(v)...)
	case v.wanted():
		found = first(v, obstacles)
	default:
		found = off(v)
	}
	found = append(found, omitted(v)...)
	result := subresourcesv1.VirtualMachineExplanation{}
	told := map[string]bool{}
	for _, c := range found {
		if key := string(c.Question) + c.Reason + c.Message; told[key] {
			continue
		} else {
			told[key] = true
		}
		if c.note {
			result.Notes = append(result.Notes, c.Cause)
		} else {
			result.Causes = append(result.Causes, c.Cause)
		}
	}
	result.Healthy = len(result.Causes) == 0
	return result
}

// omitted tells that an answer may be no full one.
func omitted(v *view) []cause {
	if len(v.Omitted) == 0 {
		return nil
	}
	list := strings.Join(v.Omitted, ", ")
	return []cause{note(notRunning(v1.CauseNotAllLookedAt, "There is more than was looked at: "+list+".",
		"Where no cause is told, look at the rest with kubectl describe.", v.vmSays("spec.template.spec", list)))}
}

func first(v *view, areas []area) []cause {
	for _, look := range areas {
		if found := look(v); len(found) > 0 {
			return found
		}
	}
	return nil
}
