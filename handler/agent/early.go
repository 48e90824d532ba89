package agent

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient"
)

// early deals with launchers of an instance that has not been handed over to this
// node, or is gone. A launcher serves up to a second before the API server knows
// that its pod runs; its guest is started in that time. Nothing is reported before
// the hand-over, and what fails is tried again, and reported, after it.
func (r *Reconciler) early(ctx context.Context, name types.NamespacedName) error {
	claims := slices.DeleteFunc(r.Launchers.Claims(name), func(c launcherclient.Claim) bool {
		return !c.Exited && alive(c.State) // nothing to be done about it now
	})
	if len(claims) == 0 {
		return nil
	}
	vmi := &v1.VirtualMachineInstance{}
	if err := r.Live.Get(ctx, name, vmi); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading the instance of a launcher: %w", err)
	}
	for _, claim := range claims {
		// virt-controller has noted the pod when it created it; without that a
		// launcher's claim counts for nothing.
		_, noted := vmi.Status.ActivePods[types.UID(claim.PodUID)]
		if claim.UID != vmi.UID || !noted || vmi.Status.Phase != v1.VMIPhaseScheduling || !vmi.DeletionTimestamp.IsZero() {
			r.leave(ctx, claim.UID, claim.Guest)
			continue
		}
		s := &scope{vmi: vmi, guest: claim.Guest, early: true}
		s.state, s.exited, s.now = claim.State, claim.Exited, r.Clock.Now()
		if err := r.start(ctx, s); err != nil {
			ctrl.LoggerFrom(ctx).Info("The guest could not be started before its hand-over", "uid", vmi.UID, "reason", err.Error())
		}
	}
	return nil
}
