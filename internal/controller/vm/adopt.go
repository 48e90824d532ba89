package vm

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/patch"
)

// errForeign is why no instance can be made while another owner's has its name.
var errForeign = errors.New("a virtual machine instance of that name exists and is not this machine's")

// adopt takes over an instance of the machine's name that has no owner, as one
// that was left behind when the machine was deleted without it. An instance that
// the run strategy would end is left alone: nobody who writes a machine asks for
// the end of a guest that was not the machine's.
func (r *Reconciler) adopt(ctx context.Context, s *scope) (ctrl.Result, error) {
	vmi := s.stranger
	if vmi == nil || metav1.GetControllerOf(vmi) != nil || !adoptable(s.situation, stateOf(vmi)) {
		return ctrl.Result{}, nil
	}
	if current, err := r.current(ctx, s); err != nil || !current {
		return ctrl.Result{}, err
	}
	if err := r.ensureRevision(ctx, s.vm); err != nil {
		return ctrl.Result{}, err
	}
	vmi = vmi.DeepCopy()
	p := patch.NewInstance(r.Client, r.Live, patch.Controller, vmi)
	vmi.OwnerReferences = append(vmi.OwnerReferences, *metav1.NewControllerRef(s.vm, v1.VirtualMachineGroupVersionKind))
	if r.madeFrom(s.vm, vmi) {
		if vmi.Annotations == nil {
			vmi.Annotations = map[string]string{}
		}
		vmi.Annotations[v1.AnnotationVMGeneration] = fmt.Sprint(s.vm.Generation)
	} else {
		// The generation was another machine's.
		delete(vmi.Annotations, v1.AnnotationVMGeneration)
	}
	if err := p.Finish(ctx, vmi, nil); err != nil {
		return ctrl.Result{}, fmt.Errorf("adopting the instance: %w", err)
	}
	r.writes.Note(s.key(), vmi)
	s.setInstance(vmi)
	return ctrl.Result{}, nil
}

// adoptable reports whether an instance in a state is what the machine waits for.
func adoptable(s situation, state instanceState) bool {
	if s.deletion != staying || state == leaving {
		return false
	}
	without, errWithout := decide(s)
	s.instance = state
	with, errWith := decide(s)
	return errWithout == nil && errWith == nil && (with == stay || without == create || without == receive)
}

// madeFrom reports whether an instance is what the machine's template makes now,
// but for the identifiers that a new machine got.
func (r *Reconciler) madeFrom(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) bool {
	wanted := newInstance(vm)
	defaults.VirtualMachineInstance(wanted, r.Config(), metav1.NewTime(r.Clock.Now()), func() types.UID { return "" })
	have := vmi.Spec.DeepCopy()
	for _, spec := range []*v1.VirtualMachineInstanceSpec{&wanted.Spec, have} {
		firmware := ptr.Deref(spec.Domain.Firmware, v1.Firmware{})
		firmware.UUID, firmware.Serial = "", ""
		spec.Domain.Firmware = &firmware
	}
	return equality.Semantic.DeepEqual(wanted.Spec, *have)
}
