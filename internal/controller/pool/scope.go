package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/patch"
)

// scope is everything one reconcile has read and found out. Nothing in it
// survives the reconcile.
type scope struct {
	pool *poolv1beta1.VirtualMachinePool
	now  time.Time
	// candidates are the machines with a name of the pool's, whoever controls them.
	candidates []*v1.VirtualMachine
	// held are machines on their way out whose volumes are yet to be kept.
	held []*v1.VirtualMachine
	// instances are the machines' instances by name.
	instances map[string]*v1.VirtualMachineInstance
	// stored are the pool's revisions.
	stored []*revision
	// current is the revision of the template as it is; nil while nothing is made from it.
	current *revision
	// selector is nil while the spec's is not usable.
	selector labels.Selector
	// machines are the pool's own, without those that are being deleted; all of them once claimed is set.
	machines []*machine
	claimed  bool
	// failure is why something could not be done; nil when all could.
	failure *failure

	patch *patch.Patch
}

// failure becomes the condition ReplicaFailure.
type failure struct {
	reason, message string
}

// machine is one of the pool's.
type machine struct {
	index int
	vm    *v1.VirtualMachine
	// vmi is nil while the machine is off.
	vmi *v1.VirtualMachineInstance
}

// node is the one that the guest runs on; empty without any.
func (m *machine) node() string {
	if m.vmi == nil {
		return ""
	}
	return m.vmi.Status.NodeName
}

// runs reports whether there is a guest that has not ended.
func (m *machine) runs() bool { return m.vmi != nil && !m.vmi.IsFinal() }

func (m *machine) ready() bool {
	return m.vm.Status.Ready && m.vmi != nil && m.vmi.DeletionTimestamp.IsZero()
}

// idle reports whether the machine neither has a guest nor is about to get one, as
// far as its controller has seen what is asked of it: not between two instances, nor
// with a start requested.
func (m *machine) idle() bool {
	if strategy, err := m.vm.RunStrategy(); err != nil || m.runs() || len(m.vm.Status.StateChangeRequests) > 0 {
		return false
	} else if strategy == v1.RunStrategyHalted {
		return true
	}
	return m.vm.Status.PrintableStatus == v1.PrintableStatusStopped && m.vm.Status.DesiredGeneration == m.vm.Generation
}

// off reports whether the machine is not to run: nobody waits for it to be ready.
func (m *machine) off() bool {
	return m.vmi == nil && m.vm.Status.PrintableStatus == v1.PrintableStatusStopped
}

func (s *scope) key() client.ObjectKey { return client.ObjectKeyFromObject(s.pool) }

// want is how many machines the spec asks for.
func (s *scope) want() int {
	if s.pool.Spec.Replicas == nil {
		return 1
	}
	return max(int(*s.pool.Spec.Replicas), 0)
}

// still reports whether the machines are to be left as they are.
func (s *scope) still() bool { return s.pool.Spec.Paused || s.current == nil }

// drop takes a machine that was deleted out of the pool's.
func (s *scope) drop(gone *machine) {
	s.machines = slices.DeleteFunc(s.machines, func(m *machine) bool { return m == gone })
}

// read fills the scope.
func (r *Reconciler) read(ctx context.Context, pool *poolv1beta1.VirtualMachinePool) (*scope, error) {
	s := &scope{
		pool: pool, now: r.Clock.Now(), patch: patch.New(r.Client, pool), instances: map[string]*v1.VirtualMachineInstance{},
	}
	var err error
	if s.candidates, err = r.machinesOf(ctx, s.key()); err != nil {
		return nil, err
	}
	for _, vm := range s.candidates {
		if heldBack(vm) {
			s.held = append(s.held, vm)
		}
		vmi := &v1.VirtualMachineInstance{}
		if err := r.Get(ctx, client.ObjectKeyFromObject(vm), vmi); err == nil && metav1.IsControlledBy(vmi, vm) {
			s.instances[vm.Name] = vmi
		} else if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading the instance of a machine: %w", err)
		}
	}
	s.stored, err = r.revisionsOf(ctx, pool)
	return s, err
}

// machinesOf returns the machines with a name of the pool's, be the pool there or
// gone.
func (r *Reconciler) machinesOf(ctx context.Context, pool client.ObjectKey) ([]*v1.VirtualMachine, error) {
	list := &v1.VirtualMachineList{}
	if err := r.List(ctx, list, client.InNamespace(pool.Namespace), client.MatchingFields{IndexPool: pool.Name}); err != nil {
		return nil, fmt.Errorf("listing the machines: %w", err)
	}
	var machines []*v1.VirtualMachine
	for i := range list.Items {
		machines = append(machines, &list.Items[i])
	}
	return machines, nil
}

func (r *Reconciler) revisionsOf(ctx context.Context, pool *poolv1beta1.VirtualMachinePool) ([]*revision, error) {
	list := &appsv1.ControllerRevisionList{}
	if err := r.List(ctx, list, client.InNamespace(pool.Namespace), client.HasLabels{v1.LabelPoolRevisionName}); err != nil {
		return nil, fmt.Errorf("listing the revisions: %w", err)
	}
	var stored []*revision
	for i := range list.Items {
		if object := &list.Items[i]; metav1.IsControlledBy(object, pool) {
			stored = append(stored, &revision{ControllerRevision: object})
		}
	}
	return stored, nil
}

// selectorOf returns the spec's selector. It fails where the pool would not find
// again what it makes, and would make ever more.
func selectorOf(spec *poolv1beta1.VirtualMachinePoolSpec) (labels.Selector, error) {
	if spec.VirtualMachineTemplate == nil {
		return nil, errors.New("the pool has no template")
	}
	selector, err := metav1.LabelSelectorAsSelector(spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("reading the selector: %w", err)
	}
	if selector.Empty() || !selector.Matches(labels.Set(spec.VirtualMachineTemplate.Metadata.Labels)) {
		return nil, errors.New("the selector does not select the labels of the template")
	}
	return selector, nil
}

// fail reports what could not be done, with an event only when that is new.
func (r *Reconciler) fail(s *scope, reason string, err error) {
	present := v1.FindCondition(s.pool.Status.Conditions, v1.ConditionReplicaFailure)
	if apierrors.IsConflict(err) {
		// It is tried again at once, from what somebody else has written; what was the matter before may still be.
		if present != nil {
			s.failure = &failure{present.Reason, present.Message}
		}
		return
	}
	s.failure = &failure{reason, err.Error()}
	if present == nil || present.Message != s.failure.message {
		r.Events.Emit(s.pool, failures[reason](s.failure.message))
	}
}
