package vmi

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// claim is what was found of the claim behind a volume.
type claim struct {
	// volume is the instance's volume, name the claim.
	volume, name string
	// pvc is nil while there is no claim.
	pvc *corev1.PersistentVolumeClaim
	// fromDataVolume tells that a data volume of the claim's name fills it.
	fromDataVolume bool
	// dataVolume is that one; nil when it is gone, as it may be once the claim is filled.
	dataVolume *cdiv1beta1.DataVolume
	// unavailable tells that the cluster has no data volumes.
	unavailable bool
	// machine is the one that the instance is of; nil for none.
	machine *metav1.OwnerReference
}

// claimState is how far a claim is on its way to be used by a launcher.
type claimState int

const (
	// claimUsable can be used by a launcher pod, which may well have to wait for it.
	claimUsable claimState = iota
	// claimMissing does not exist.
	claimMissing
	// claimLeaving is on its way out with its earlier owner, and must not be used.
	claimLeaving
	// claimFilling must not be used: whoever fills it is not done.
	claimFilling
	// claimUnconsumed is claimFilling, and begins only when a pod uses the claim.
	claimUnconsumed
	// claimFailed cannot be filled.
	claimFailed
)

// state decides how far the claim is.
func (c *claim) state() claimState {
	if c.leaving() {
		return claimLeaving
	}
	if c.dataVolume == nil {
		if c.pvc == nil {
			return claimMissing
		}
		return claimUsable
	}
	switch phase := c.dataVolume.Status.Phase; {
	case phase == cdiv1beta1.DataVolumeFailed:
		return claimFailed
	case phase == cdiv1beta1.DataVolumeSucceeded && c.pvc == nil:
		return claimMissing
	case c.pvc == nil:
		return claimFilling
	case phase == cdiv1beta1.DataVolumeSucceeded, phase == cdiv1beta1.DataVolumePendingPopulation:
		// A populator binds the claim only when it is filled, so the launcher itself
		// can be the consumer that it waits for.
		return claimUsable
	case phase == cdiv1beta1.DataVolumeWaitForFirstConsumer:
		return claimUnconsumed
	}
	return claimFilling
}

// leaving reports whether the claim, or the data volume of its name, is being
// deleted or left to the garbage collector, as after its machine was deleted and
// made again. A guest on it would lose it, and keep its successor from being made.
func (c *claim) leaving() bool {
	if c.dataVolume != nil && (!c.dataVolume.DeletionTimestamp.IsZero() || c.isPredecessors(c.dataVolume)) {
		return true
	}
	if c.pvc == nil {
		return false
	}
	owner := metav1.GetControllerOfNoCopy(c.pvc)
	orphaned := owner != nil && owner.Kind == cdiv1beta1.KindDataVolume && !c.unavailable &&
		(c.dataVolume == nil || c.dataVolume.UID != owner.UID)
	return orphaned || !c.pvc.DeletionTimestamp.IsZero() || c.isPredecessors(c.pvc)
}

// isPredecessors reports whether an object belongs to an earlier machine of the
// instance's machine's name. What belongs to another machine may well be shared.
func (c *claim) isPredecessors(obj metav1.Object) bool {
	owner := metav1.GetControllerOfNoCopy(obj)
	return owner != nil && c.machine != nil && owner.Kind == c.machine.Kind && owner.Name == c.machine.Name && owner.UID != c.machine.UID
}

// filled reports whether the claim holds all that a data volume brings into it.
func (c *claim) filled() bool {
	return c.pvc != nil && (c.dataVolume == nil || c.dataVolume.Status.Phase == cdiv1beta1.DataVolumeSucceeded)
}

// mode is how the claim appears in a pod.
func (c *claim) mode() corev1.PersistentVolumeMode {
	if c.pvc == nil || c.pvc.Spec.VolumeMode == nil {
		return corev1.PersistentVolumeFilesystem
	}
	return *c.pvc.Spec.VolumeMode
}

// claimsUsable reports whether a launcher pod may be made.
func (s *scope) claimsUsable() bool {
	return !slices.ContainsFunc(s.claims, func(c claim) bool { return c.state() != claimUsable })
}

// waitsForConsumer reports whether nothing goes on before some pod uses the claims.
func (s *scope) waitsForConsumer() bool {
	waits := false
	for i := range s.claims {
		switch s.claims[i].state() {
		case claimUnconsumed:
			waits = true
		case claimMissing, claimLeaving, claimFailed:
			return false
		case claimUsable, claimFilling:
		}
	}
	return waits
}

// unconsumed are the claims that wait for a pod that uses them.
func (s *scope) unconsumed() []string {
	var names []string
	for i := range s.claims {
		if s.claims[i].state() == claimUnconsumed {
			names = append(names, s.claims[i].name)
		}
	}
	return names
}

// claimModes is what rendering a pod has to know of the claims.
func (s *scope) claimModes() launcherpod.Claims {
	modes := launcherpod.Claims{}
	for i := range s.claims {
		modes[s.claims[i].volume] = s.claims[i].mode()
	}
	return modes
}

// dataVolumesReadyFor returns the condition DataVolumesReady, nil for an instance
// without data volumes.
func dataVolumesReadyFor(s *scope) *v1.Condition {
	var waiting []string
	hasOne := false
	for i := range s.claims {
		c := &s.claims[i]
		hasOne = hasOne || c.fromDataVolume
		if c.fromDataVolume && (!c.filled() || s.pod == nil && c.leaving()) {
			waiting = append(waiting, c.name)
		}
	}
	switch {
	case !hasOne:
		return nil
	case len(waiting) == 0:
		return &v1.Condition{
			Type: v1.ConditionDataVolumesReady, Status: corev1.ConditionTrue, Reason: v1.ReasonAllDVsReady,
			Message: "All data volumes are filled.",
		}
	}
	return &v1.Condition{
		Type: v1.ConditionDataVolumesReady, Status: corev1.ConditionFalse, Reason: v1.ReasonNotAllDVsReady,
		Message: "Not filled yet: " + strings.Join(waiting, ", ") + ".",
	}
}

// provisioningFor returns the condition Provisioning while a pod of its own has the
// claims provisioned, else nil.
func provisioningFor(s *scope) *v1.Condition {
	if s.pod != nil || s.provisioningFailed || s.claimsUsable() || s.consumer == nil && !s.waitsForConsumer() {
		return nil
	}
	return &v1.Condition{
		Type: v1.ConditionProvisioning, Status: corev1.ConditionTrue, Reason: string(cdiv1beta1.DataVolumeWaitForFirstConsumer),
		Message: "The claims are provisioned and filled on a node that suits the guest.",
	}
}
