package vm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/event"
)

// storage is what there is of the claims that the machine's volumes need.
type storage struct {
	// filling names data volumes that are not filled yet and cannot be used.
	filling []string
	// broken names data volumes that cannot be filled.
	broken []string
	// unbound tells that a claim waits for its volume.
	unbound bool
	// err is why something could not be made; it is for later, because nothing of it may keep a guest from
	// being stopped.
	err error
}

// provide makes the data volumes that the machine has templates for, takes over
// those that are there already, and looks at the claims of all its volumes.
func (r *Reconciler) provide(ctx context.Context, s *scope) (ctrl.Result, error) {
	names := claimNames(s.vm)
	if s.deletion != staying || len(names) == 0 {
		return ctrl.Result{}, nil
	}
	available, err := datavolume.Available(ctx, r.Client)
	if err != nil {
		s.storage.err = err
		return ctrl.Result{}, nil
	}
	templates := map[string]*v1.DataVolumeTemplateSpec{}
	for i := range s.vm.Spec.DataVolumeTemplates {
		template := &s.vm.Spec.DataVolumeTemplates[i]
		templates[template.Metadata.Name] = template
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, r.provideOne(ctx, s, name, templates[name], available))
	}
	s.storage.err = errors.Join(errs...)
	return ctrl.Result{}, nil
}

// provided has what could not be made tried again.
func (r *Reconciler) provided(_ context.Context, s *scope) (ctrl.Result, error) {
	return ctrl.Result{}, s.storage.err
}

// provideOne looks at one claim; template is nil for a claim of somebody else's.
func (r *Reconciler) provideOne(ctx context.Context, s *scope, name string, template *v1.DataVolumeTemplateSpec, available bool) error {
	key := client.ObjectKey{Namespace: s.vm.Namespace, Name: name}
	claim := &corev1.PersistentVolumeClaim{}
	if err := r.Get(ctx, key, claim); apierrors.IsNotFound(err) {
		claim = nil
	} else if err != nil {
		return fmt.Errorf("reading claim %s: %w", name, err)
	}
	s.storage.unbound = s.storage.unbound || claim != nil && claim.Status.Phase != corev1.ClaimBound
	var volume *cdiv1beta1.DataVolume
	if available {
		volume = &cdiv1beta1.DataVolume{}
		if err := r.Get(ctx, key, volume); apierrors.IsNotFound(err) {
			volume = nil
		} else if err != nil {
			return fmt.Errorf("reading data volume %s: %w", name, err)
		}
	}
	switch {
	case volume != nil && template != nil:
		if err := r.own(ctx, s, volume); err != nil {
			return err
		}
	case volume != nil, template == nil:
	case claim != nil && leftBehind(s.vm, claim, available):
		s.storage.filling = append(s.storage.filling, name) // its end brings the machine back
	case claim != nil:
		// It was filled long ago, and its data volume is gone.
	case !available:
		s.storage.filling = append(s.storage.filling, name)
		s.failVolume(dataVolumeNotCreated, fmt.Errorf("data volume %s is needed, and this cluster has no DataVolumes: install the Containerized Data Importer", name))
	case s.vm.Annotations[v1.AnnotationImmediateDataVolumes] == "false" && !s.startExpected():
		// It is made when the machine is started.
	default:
		s.storage.filling = append(s.storage.filling, name)
		return r.createVolume(ctx, s, template)
	}
	s.storage.note(volume)
	return nil
}

// leftBehind reports whether a claim without its data volume is about to go with an
// earlier owner. Its content is not for this machine.
func leftBehind(vm *v1.VirtualMachine, claim *corev1.PersistentVolumeClaim, available bool) bool {
	owner := metav1.GetControllerOf(claim)
	switch {
	case !claim.DeletionTimestamp.IsZero():
		return true
	case owner == nil:
		return false
	}
	return owner.Kind == cdiv1beta1.KindDataVolume && available ||
		owner.Kind == v1.KindVirtualMachine && owner.Name == vm.Name && owner.UID != vm.UID
}

// note adds what a data volume's phase means; nil is none.
func (st *storage) note(volume *cdiv1beta1.DataVolume) {
	switch {
	case volume == nil, volume.DeletionTimestamp.IsZero() && filled(volume.Status.Phase):
	case broken(volume):
		st.broken = append(st.broken, volume.Name)
	default:
		st.filling = append(st.filling, volume.Name)
	}
}

// filled reports whether an instance may use a data volume, or has to so that it
// is filled.
func filled(phase cdiv1beta1.DataVolumePhase) bool {
	switch phase {
	case cdiv1beta1.DataVolumeSucceeded, cdiv1beta1.DataVolumeWaitForFirstConsumer, cdiv1beta1.DataVolumePendingPopulation:
		return true
	}
	return false
}

// broken reports whether filling a data volume has failed, for good or until it is
// tried again.
func broken(volume *cdiv1beta1.DataVolume) bool {
	if volume.Status.Phase == cdiv1beta1.DataVolumeFailed {
		return true
	}
	return slices.ContainsFunc(volume.Status.Conditions, func(c cdiv1beta1.DataVolumeCondition) bool {
		return c.Type == "Running" && c.Status == corev1.ConditionFalse && c.Reason == "Error"
	})
}

// own makes the machine the owner of a data volume that has none, so that the two
// go together. One that belongs to somebody else is not the machine's to use.
func (r *Reconciler) own(ctx context.Context, s *scope, volume *cdiv1beta1.DataVolume) error {
	switch owner := metav1.GetControllerOf(volume); {
	case owner != nil && owner.UID == s.vm.UID, !volume.DeletionTimestamp.IsZero():
		return nil
	case owner != nil:
		s.storage.filling = append(s.storage.filling, volume.Name)
		if owner.Kind != v1.KindVirtualMachine || owner.Name != s.vm.Name {
			s.failVolume(dataVolumeNotCreated, fmt.Errorf("data volume %s exists and belongs to %s %s", volume.Name, owner.Kind, owner.Name))
		} // else it goes with the machine that had this name before
		return nil
	}
	if current, err := r.current(ctx, s); err != nil || !current {
		s.storage.filling = append(s.storage.filling, volume.Name)
		return err
	}
	before := volume.DeepCopy()
	volume.OwnerReferences = append(volume.OwnerReferences, *metav1.NewControllerRef(s.vm, v1.VirtualMachineGroupVersionKind))
	if err := r.Patch(ctx, volume, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("taking over data volume %s: %w", volume.Name, err)
	}
	return nil
}

func (r *Reconciler) createVolume(ctx context.Context, s *scope, template *v1.DataVolumeTemplateSpec) error {
	source, err := r.authorizeClone(ctx, s.vm, template)
	if err != nil {
		report := dataVolumeNotCreated
		if unauthorized := (*unauthorizedError)(nil); errors.As(err, &unauthorized) {
			report = dataVolumeNotAuthorized
		} else if missing := (*missingSourceError)(nil); errors.As(err, &missing) {
			report = sourceNotAvailable
		}
		s.failVolume(report, err)
		return fmt.Errorf("data volume %s: %w", template.Metadata.Name, err)
	}
	volume := newDataVolume(s.vm, template, source)
	err = r.Create(ctx, volume)
	if apierrors.IsAlreadyExists(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil // the cache is about to show it; or all goes
	}
	if err != nil {
		s.failVolume(dataVolumeNotCreated, err)
		return fmt.Errorf("creating data volume %s: %w", volume.Name, err)
	}
	r.Events.Emit(s.vm, dataVolumeCreated(volume.Name))
	return nil
}

func (s *scope) failVolume(report func(error) event.Event, err error) {
	s.fail(v1.ReasonFailedCreate, err, report(err))
}

// newDataVolume makes a data volume from its template. What is cloned is named as it
// was authorized: a DataSource could come to stand for something else meanwhile.
func newDataVolume(vm *v1.VirtualMachine, template *v1.DataVolumeTemplateSpec, source *cloneSource) *cdiv1beta1.DataVolume {
	template = template.DeepCopy()
	if source != nil {
		template.Spec.SourceRef, template.Spec.Source = nil, source.dataVolumeSource()
	}
	labels := maps.Clone(template.Metadata.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1.LabelCreatedBy] = string(vm.UID)
	return &cdiv1beta1.DataVolume{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       vm.Namespace,
			Name:            template.Metadata.Name,
			Labels:          labels,
			Annotations:     template.Metadata.Annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)},
		},
		Spec: template.Spec,
	}
}

// claimNames are the claims of a machine's volumes and data volume templates; a
// data volume's claim has its name.
func claimNames(vm *v1.VirtualMachine) []string {
	var names []string
	for i := range vm.Spec.DataVolumeTemplates {
		names = append(names, vm.Spec.DataVolumeTemplates[i].Metadata.Name)
	}
	if vm.Spec.Template != nil {
		for i := range vm.Spec.Template.Spec.Volumes {
			switch volume := &vm.Spec.Template.Spec.Volumes[i]; {
			case volume.DataVolume != nil:
				names = append(names, volume.DataVolume.Name)
			case volume.PersistentVolumeClaim != nil:
				names = append(names, volume.PersistentVolumeClaim.ClaimName)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
