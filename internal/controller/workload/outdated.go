package workload

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/internal/patch"
)

// isOutdated reports whether a guest runs in a launcher that was made of another image
// than launchers are made of now. One that is on its way, or on its way out, is not
// counted: it is not to be brought to another launcher.
func (r *Reconciler) isOutdated(ctx context.Context, vmi *v1.VirtualMachineInstance) bool {
	return vmi.IsRunning() && vmi.DeletionTimestamp.IsZero() && r.madeOf(ctx, vmi) != r.LauncherImage
}

// madeOf is the image that a guest's launcher was to be of. The instance tells which it
// is of, which is another wherever admission gives pods the images of a mirror; those
// guests would be outdated for ever.
func (r *Reconciler) madeOf(ctx context.Context, vmi *v1.VirtualMachineInstance) string {
	has := vmi.Status.LauncherContainerImageVersion
	if has == "" || has == r.LauncherImage {
		return r.LauncherImage // or not known yet
	}
	pod := &corev1.Pod{}
	err := r.Get(ctx, client.ObjectKey{Namespace: vmi.Namespace, Name: launcherpod.PodName(vmi)}, pod, client.UnsafeDisableDeepCopy)
	if err != nil {
		return has
	}
	return askedFor(pod, has)
}

// askedFor is the image that a launcher was to be of. One that an earlier version has made
// does not say, and has the image that it was given.
func askedFor(pod *corev1.Pod, has string) string {
	return cmp.Or(pod.Annotations[v1.AnnotationLauncherImage], has)
}

// wrongMark reports whether the label of a running guest says the contrary of what
// is true. That of an ended one stays as it is: it says what its launcher was.
func (r *Reconciler) wrongMark(ctx context.Context, vmi *v1.VirtualMachineInstance) bool {
	_, marked := vmi.Labels[v1.LabelOutdatedLauncherImage]
	return vmi.IsRunning() && vmi.DeletionTimestamp.IsZero() && marked != r.isOutdated(ctx, vmi)
}

// mark keeps the label of outdated instances.
func (r *Reconciler) mark(ctx context.Context, s *scope) (ctrl.Result, error) {
	var errs []error
	key := client.ObjectKeyFromObject(s.kv)
	for i := range s.instances {
		if !r.wrongMark(ctx, &s.instances[i]) || r.writes.Behind(key, &s.instances[i]) {
			continue
		}
		vmi := s.instances[i].DeepCopy()
		p := patch.NewInstance(r.Client, r.Live, patch.Controller, vmi)
		r.setMark(ctx, vmi)
		errs = append(errs, p.Finish(ctx, vmi, func(live *v1.VirtualMachineInstance) error {
			r.setMark(ctx, live)
			return nil
		}))
		r.writes.Note(key, vmi)
	}
	return ctrl.Result{}, errors.Join(errs...)
}

func (r *Reconciler) setMark(ctx context.Context, vmi *v1.VirtualMachineInstance) {
	switch {
	case !r.wrongMark(ctx, vmi):
	case !r.isOutdated(ctx, vmi):
		delete(vmi.Labels, v1.LabelOutdatedLauncherImage)
	case vmi.Labels == nil:
		vmi.Labels = map[string]string{v1.LabelOutdatedLauncherImage: ""}
	default:
		vmi.Labels[v1.LabelOutdatedLauncherImage] = ""
	}
}

// count reports how many there are: the one field of the KubeVirt object's status
// that is not the operator's.
func (r *Reconciler) count(ctx context.Context, s *scope) (ctrl.Result, error) {
	n := len(s.outdated)
	outdatedGauge.Set(float64(n))
	if n == ptr.Deref(s.kv.Status.OutdatedVirtualMachineInstanceWorkloads, 0) {
		return ctrl.Result{}, nil
	}
	p := patch.New(r.Client, s.kv)
	s.kv.Status.OutdatedVirtualMachineInstanceWorkloads = &n
	err := p.Finish(ctx, s.kv)
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("reporting the number of outdated guests: %w", err)
	}
	r.writes.Note(client.ObjectKeyFromObject(s.kv), s.kv)
	return ctrl.Result{}, nil
}
