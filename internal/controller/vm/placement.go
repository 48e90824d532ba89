package vm

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

// placement says where an instance may run. It is what of a running instance can
// be changed: it counts from the guest's next move.
type placement struct {
	NodeSelector map[string]string   `json:"nodeSelector"`
	Affinity     *corev1.Affinity    `json:"affinity"`
	Tolerations  []corev1.Toleration `json:"tolerations"`
}

func placementOf(spec *v1.VirtualMachineInstanceSpec) placement {
	return placement{spec.NodeSelector, spec.Affinity, spec.Tolerations}
}

func (p placement) into(spec *v1.VirtualMachineInstanceSpec) {
	spec.NodeSelector, spec.Affinity, spec.Tolerations = p.NodeSelector, p.Affinity, p.Tolerations
}

// place brings a changed placement to the running instance, unless the cluster
// wants changes to wait for the next start (vmRolloutStrategy).
func (r *Reconciler) place(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.instance != live || s.deletion != staying || r.Config().RolloutStrategy != v1.VMRolloutStrategyLiveUpdate ||
		s.vm.Spec.Template == nil || r.writes.Behind(s.key(), s.vmi) {
		return ctrl.Result{}, nil
	}
	have, want := placementOf(&s.vmi.Spec), placementOf(&s.vm.Spec.Template.Spec)
	if equality.Semantic.DeepEqual(have, want) {
		return ctrl.Result{}, nil
	}
	// A merge patch would keep what has been taken out of a selector or an affinity.
	change, err := patch.JSON([]patch.Operation{
		{Op: "test", Path: "/metadata/uid", Value: s.vmi.UID},
		{Op: "add", Path: "/spec/nodeSelector", Value: want.NodeSelector},
		{Op: "add", Path: "/spec/affinity", Value: want.Affinity},
		{Op: "add", Path: "/spec/tolerations", Value: want.Tolerations},
	})
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("where the instance may run: %w", err)
	}
	vmi := s.vmi.DeepCopy()
	if err := r.Patch(ctx, vmi, change); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, nil
		}
		s.fail(placementReason(have, want), err, placementNotChanged(err))
		return ctrl.Result{}, fmt.Errorf("changing where the instance may run: %w", err)
	}
	r.writes.Note(s.key(), vmi)
	s.setInstance(vmi)
	s.placed = true
	return ctrl.Result{}, nil
}

// placementReason is the API's reason for a change that did not reach the instance.
func placementReason(have, want placement) string {
	have.Tolerations, want.Tolerations = nil, nil
	if equality.Semantic.DeepEqual(have, want) {
		return v1.ReasonTolerationsChangeError
	}
	return v1.ReasonAffinityChangeError
}
