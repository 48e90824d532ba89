// Package vmi brings each VirtualMachineInstance to a node: it creates the
// launcher pod, hands the instance to virt-handler once the launcher is up,
// mirrors the pod into the status, and cleans up when the instance ends.
package vmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/steps"
)

// Reconciler reconciles VirtualMachineInstances. The fields are its dependencies,
// all required.
type Reconciler struct {
	// Client reads from the cache, which has the indexes of SetupIndexes, and writes.
	client.Client
	// Live reads past the cache.
	Live client.Reader
	// Events takes events about instances.
	Events event.Recorder
	// Clock tells the time.
	Clock clock.PassiveClock
	// Render makes the launcher pod of an instance, owned by it; an error means that its spec cannot work.
	Render func(*v1.VirtualMachineInstance, launcherpod.Claims) (*corev1.Pod, error)
	// Config returns the cluster's configuration in effect.
	Config func() *clusterconfig.Config
	// NodeSilent tells whether a node's agent has not been heard of for too long.
	NodeSilent func(node *corev1.Node, now time.Time) bool

	writes   patch.Writes
	reserved reservations
	events   podEvents
}

// Reconcile does what one instance needs next and reports what it found, in at
// most one patch of the instance.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	vmi := &v1.VirtualMachineInstance{}
	if err := r.Get(ctx, req.NamespacedName, vmi); err != nil {
		if apierrors.IsNotFound(err) {
			r.writes.Forget(req.NamespacedName)
			r.reserved.drop(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if r.writes.Behind(req.NamespacedName, vmi) {
		return ctrl.Result{}, nil
	}
	s, err := r.read(ctx, vmi)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("VirtualMachineInstance %s: %w", req, err)
	}
	before := s.vmi.Status.Phase
	p := patch.NewInstance(r.Client, r.Live, patch.Controller, s.vmi)
	result, err := steps.Run(ctx, s, r.findClaims, r.findNetworks, r.findResourceClaims, r.ensureConsumer, r.ensurePod, r.describeNetworks, r.findObstacle, r.deletePods, r.openGate)
	setStatus(s)
	writeErr := p.Finish(ctx, s.vmi, func(*v1.VirtualMachineInstance) error {
		setStatus(s)
		return nil
	})
	r.writes.Note(req.NamespacedName, s.vmi)
	if len(s.pods) == 0 && (s.vmi.IsFinal() || !s.vmi.DeletionTimestamp.IsZero()) {
		r.reserved.drop(req.NamespacedName)
	}
	if writeErr == nil && s.vmi.Status.Phase != before {
		log.FromContext(ctx).Info("The instance changed its phase", "uid", s.vmi.UID, "from", before, "to", s.vmi.Status.Phase)
	}
	if err = errors.Join(err, writeErr); err != nil {
		return ctrl.Result{}, err
	}
	return result, nil
}
