package replicaset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/replicas"
)

// claim finds out which instances are the set's, and makes them so.
func (r *Reconciler) claim(ctx context.Context, s *scope) (ctrl.Result, error) {
	var err error
	if s.selector, err = selectorOf(&s.set.Spec); err != nil {
		r.failCreate(s, err)
		return ctrl.Result{}, reconcile.TerminalError(err)
	}
	s.instances, err = replicas.Claim(ctx, &replicas.Claimer{
		Client: r.Client, Live: r.Live, Writes: &r.writes,
		Owner: s.set, Kind: v1.VirtualMachineInstanceReplicaSetGroupVersionKind, Selector: s.selector,
	}, s.candidates)
	return ctrl.Result{}, err
}

// scale brings the set to the wanted number of instances, unless it is paused.
func (r *Reconciler) scale(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.set.Spec.Paused {
		return ctrl.Result{}, nil
	}
	p := decide(s.want(), s.instances, s.now)
	if len(p.remove)+len(p.create) > 0 {
		log.FromContext(ctx).V(1).Info("Scaling the replica set",
			"uid", s.set.UID, "want", s.want(), "remove", len(p.remove), "create", len(p.create))
	}
	if err := r.remove(ctx, s, p.remove); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: p.wait}, r.create(ctx, s, p.create)
}

func (r *Reconciler) remove(ctx context.Context, s *scope, surplus []*v1.VirtualMachineInstance) error {
	removed := make([]bool, len(surplus))
	_, err := replicas.SlowStart(len(surplus), func(i int) error {
		vmi := surplus[i]
		err := r.Delete(ctx, vmi, client.Preconditions{UID: &vmi.UID, ResourceVersion: &vmi.ResourceVersion})
		if err == nil {
			r.Events.Emit(s.set, instanceDeleted(vmi.Name))
		} else if !apierrors.IsNotFound(err) {
			return err
		}
		removed[i] = true
		r.expected.Deleted(s.key(), vmi, s.now)
		return nil
	})
	for i, vmi := range surplus {
		if removed[i] {
			s.instances = slices.DeleteFunc(s.instances, func(other *v1.VirtualMachineInstance) bool { return other == vmi })
		}
	}
	if apierrors.IsConflict(err) {
		// An instance has changed since it was read, and may be the set's no more: another look is due, from which
		// nothing has failed. What was the matter before may still be.
		if present := v1.FindCondition(s.set.Status.Conditions, v1.ConditionReplicaFailure); present != nil {
			s.failure = &failure{present.Reason, present.Message}
		}
	} else if err != nil {
		r.fail(s, v1.ReasonFailedDelete, err.Error(), instanceNotDeleted(err.Error()))
	}
	if err != nil {
		return fmt.Errorf("deleting instances: %w", err)
	}
	return nil
}

// create makes one instance for each entry, which says how many have failed in its
// place.
func (r *Reconciler) create(ctx context.Context, s *scope, failures []int) error {
	created := make([]*v1.VirtualMachineInstance, len(failures))
	_, err := replicas.SlowStart(len(failures), func(i int) error {
		vmi := newInstance(s.set, failures[i])
		if err := r.Create(ctx, vmi); err != nil {
			return err
		}
		created[i] = vmi
		r.expected.Created(s.key(), vmi, s.now)
		r.Events.Emit(s.set, instanceCreated(vmi.Name))
		return nil
	})
	for _, vmi := range created {
		if vmi != nil {
			s.instances = append(s.instances, vmi)
		}
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		// With the namespace the set is about to go: there is nothing to report and nothing to try again.
		return nil
	}
	if err != nil {
		r.failCreate(s, err)
		return fmt.Errorf("creating instances: %w", err)
	}
	return nil
}

func generateName(set *v1.VirtualMachineInstanceReplicaSet) string { return set.Name + "-" }

// newInstance makes an instance of the set from its template.
func newInstance(set *v1.VirtualMachineInstanceReplicaSet, failures int) *v1.VirtualMachineInstance {
	template := set.Spec.Template.DeepCopy()
	vmi := &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       set.Namespace,
			GenerateName:    generateName(set),
			Labels:          template.Metadata.Labels,
			Annotations:     maps.Clone(template.Metadata.Annotations),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, v1.VirtualMachineInstanceReplicaSetGroupVersionKind)},
		},
		Spec: template.Spec,
	}
	if failures == 0 {
		delete(vmi.Annotations, v1.AnnotationFailuresInARow)
		return vmi
	}
	if vmi.Annotations == nil {
		vmi.Annotations = map[string]string{}
	}
	vmi.Annotations[v1.AnnotationFailuresInARow] = strconv.Itoa(failures)
	return vmi
}

func (r *Reconciler) failCreate(s *scope, err error) {
	message := withoutName(err, generateName(s.set))
	r.fail(s, v1.ReasonFailedCreate, message, instanceNotCreated(message))
}

// fail reports what could not be done, with an event only when that is new.
func (r *Reconciler) fail(s *scope, reason, message string, e event.Event) {
	s.failure = &failure{reason, message}
	if present := v1.FindCondition(s.set.Status.Conditions, v1.ConditionReplicaFailure); present == nil || present.Message != message {
		r.Events.Emit(s.set, e)
	}
}

// withoutName returns what the API server says about an instance that it did not
// make. The name that it had chosen is another at every attempt and is cut back to
// what is the same.
func withoutName(err error, stem string) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Name != "" {
		return strings.ReplaceAll(err.Error(), status.Status().Details.Name, stem)
	}
	return err.Error()
}
