package workload

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

// isOutdated reports whether a guest runs in a launcher of another image than
// launchers have now. One that is on its way, or on its way out, is not counted: it
// is not to be brought to another launcher.
func isOutdated(vmi *v1.VirtualMachineInstance, image string) bool {
	has := vmi.Status.LauncherContainerImageVersion
	return vmi.IsRunning() && vmi.DeletionTimestamp.IsZero() && has != "" && has != image
}

// wrongMark reports whether the label of a running guest says the contrary of what
// is true. That of an ended one stays as it is: it says what its launcher was.
func wrongMark(vmi *v1.VirtualMachineInstance, image string) bool {
	_, marked := vmi.Labels[v1.LabelOutdatedLauncherImage]
	return vmi.IsRunning() && vmi.DeletionTimestamp.IsZero() && marked != isOutdated(vmi, image)
}

// mark keeps the label of outdated instances.
func (r *Reconciler) mark(ctx context.Context, s *scope) (ctrl.Result, error) {
	var errs []error
	key := client.ObjectKeyFromObject(s.kv)
	for i := range s.instances {
		if !wrongMark(&s.instances[i], r.LauncherImage) || r.writes.Behind(key, &s.instances[i]) {
			continue
		}
		vmi := s.instances[i].DeepCopy()
		p := patch.NewInstance(r.Client, r.Live, patch.Controller, vmi)
		r.setMark(vmi)
		errs = append(errs, p.Finish(ctx, vmi, func(live *v1.VirtualMachineInstance) error {
			r.setMark(live)
			return nil
		}))
		r.writes.Note(key, vmi)
	}
	return ctrl.Result{}, errors.Join(errs...)
}

func (r *Reconciler) setMark(vmi *v1.VirtualMachineInstance) {
	switch {
	case !wrongMark(vmi, r.LauncherImage):
	case !isOutdated(vmi, r.LauncherImage):
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
