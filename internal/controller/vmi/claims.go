package vmi

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// findClaims looks at the claims behind the volumes of an instance on its way to a
// node, and says what keeps its launcher pod from being made. Their watches bring
// the instance back.
func (r *Reconciler) findClaims(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !watchesClaims(s.vmi) || !s.vmi.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	machine := metav1.GetControllerOf(s.vmi)
	if machine != nil && machine.Kind != v1.KindVirtualMachine {
		machine = nil
	}
	for i := range s.vmi.Spec.Volumes {
		volume := &s.vmi.Spec.Volumes[i]
		if volume.ClaimName() == "" {
			continue
		}
		found, err := r.findClaim(ctx, s.vmi.Namespace, volume)
		if err != nil {
			return ctrl.Result{}, fmt.Errorf("volume %s: %w", volume.Name, err)
		}
		found.machine = machine
		s.claims = append(s.claims, found)
	}
	if s.pod == nil {
		r.failClaims(s)
	}
	return ctrl.Result{}, nil
}

// watchesClaims reports whether the claims of an instance still matter: until it has
// been handed over, and until its data volumes are seen filled.
func watchesClaims(vmi *v1.VirtualMachineInstance) bool {
	ready := vmi.Condition(v1.ConditionDataVolumesReady)
	return vmi.IsUnprocessed() || vmi.Status.Phase == v1.VMIPhaseScheduling ||
		!vmi.IsFinal() && ready != nil && ready.Status == corev1.ConditionFalse
}

// findClaim reads a volume's claim and the data volume that fills it. What the cache
// does not show is asked for: nobody is to be told that something is missing only
// because one watch is behind another.
func (r *Reconciler) findClaim(ctx context.Context, namespace string, volume *v1.Volume) (claim, error) {
	c := claim{volume: volume.Name, name: volume.ClaimName(), fromDataVolume: volume.DataVolume != nil}
	key := client.ObjectKey{Namespace: namespace, Name: c.name}
	pvc := &corev1.PersistentVolumeClaim{}
	if err := r.find(ctx, key, pvc); err == nil {
		c.pvc = pvc
	} else if !apierrors.IsNotFound(err) {
		return c, fmt.Errorf("reading claim %s: %w", c.name, err)
	}
	owner := metav1.GetControllerOfNoCopy(pvc)
	c.fromDataVolume = c.fromDataVolume || owner != nil && owner.Kind == cdiv1beta1.KindDataVolume
	if !c.fromDataVolume {
		return c, nil
	}
	available, err := datavolume.Available(ctx, r.Client)
	if c.unavailable = !available; err != nil || !available {
		return c, err
	}
	dataVolume := &cdiv1beta1.DataVolume{}
	if err := r.find(ctx, key, dataVolume); err == nil {
		c.dataVolume = dataVolume
	} else if !apierrors.IsNotFound(err) {
		return c, fmt.Errorf("reading data volume %s: %w", c.name, err)
	}
	return c, nil
}

func (r *Reconciler) find(ctx context.Context, key client.ObjectKey, into client.Object) error {
	err := r.Get(ctx, key, into)
	if apierrors.IsNotFound(err) {
		err = r.Live.Get(ctx, key, into)
	}
	return err
}

// failClaims reports claims for which it is not enough to wait.
func (r *Reconciler) failClaims(s *scope) {
	var report event.Event
	if s.consumer != nil && s.consumer.Status.Phase == corev1.PodFailed {
		s.provisioningFailed = true
		report = consumerFailed(s.consumer.Name)
		r.fail(s, report)
		return
	}
	for i := range s.claims {
		c := &s.claims[i]
		switch c.state() {
		case claimMissing:
			report = claimNotFound(c)
		case claimFailed:
			report, s.provisioningFailed = dataVolumeFailed(c), true
		default:
			continue
		}
		r.fail(s, report)
		return
	}
}

// ensureConsumer has the claims of an instance provisioned that are filled only where
// a pod uses them, and clears up once they are.
func (r *Reconciler) ensureConsumer(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !s.vmi.IsUnprocessed() || !s.vmi.DeletionTimestamp.IsZero() || s.pod != nil || s.networkMissing {
		return ctrl.Result{}, nil
	}
	switch {
	case s.consumer == nil && s.waitsForConsumer():
		return ctrl.Result{}, r.createConsumer(ctx, s)
	case s.consumer != nil && s.claimsUsable():
		return ctrl.Result{}, r.deletePod(ctx, s, s.consumer)
	}
	return ctrl.Result{}, nil
}

func (r *Reconciler) createConsumer(ctx context.Context, s *scope) error {
	pod, err := r.render(s)
	if err != nil {
		r.failCreate(s, err)
		return reconcile.TerminalError(fmt.Errorf("rendering the pod that uses the claims: %w", err))
	}
	pod = launcherpod.Consumer(s.vmi, pod, s.unconsumed())
	err = r.Create(ctx, pod)
	if apierrors.IsAlreadyExists(err) {
		return nil // its watch brings the instance back
	}
	if namespaceEnds(err) {
		return nil
	}
	if err != nil {
		r.failCreate(s, err)
		return fmt.Errorf("creating the pod that uses the claims: %w", err)
	}
	r.Events.Emit(s.vmi, podCreated(pod.Name))
	s.setPods(append(s.pods, *pod))
	return nil
}
