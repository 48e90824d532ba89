package pool

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/replicas"
)

// burst is how many machines are made, removed or changed in one reconcile.
const burst = 250

// occupant is what has the name that goes with a number.
type occupant int

const (
	// nothing: the number is free.
	nothing occupant = iota
	// own: a machine of the pool.
	own
	// going: a machine that is being deleted, or about to be with an earlier pool of this name.
	going
	// foreign: a machine that is not the pool's.
	foreign
)

// vacancies returns the numbers of machines to make when some are missing: the
// lowest ones, and no more than a burst. One whose machine is on its way out is
// waited for, so that what belongs to a number is used again. Taken are those that
// are passed over because somebody else has their names.
func vacancies(missing int, at map[int]occupant) (free, taken []int) {
	for i := 0; missing > 0 && len(free) < burst && i <= math.MaxInt32; i++ {
		switch at[i] {
		case nothing:
			free = append(free, i)
			missing--
		case going:
			missing--
		}
	}
	highest := -1
	if len(free) > 0 {
		highest = free[len(free)-1]
	}
	for index, what := range at {
		switch what {
		case own:
			highest = max(highest, index)
		case foreign:
			taken = append(taken, index)
		}
	}
	taken = slices.DeleteFunc(taken, func(index int) bool { return index > highest })
	slices.Sort(taken)
	return free, taken
}

// scaleOut makes the machines that are missing.
func (r *Reconciler) scaleOut(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.still() {
		return ctrl.Result{}, nil
	}
	free, taken := vacancies(s.want()-len(s.machines), s.occupants())
	if len(taken) > 0 {
		names := make([]string, len(taken))
		for i, index := range taken {
			names[i] = machineName(s.pool.Name, index)
		}
		r.fail(s, v1.ReasonFailedScaleOut, fmt.Errorf("passed over, being the names of machines that are not the pool's: %s", strings.Join(names, ", ")))
	}
	if len(free) > 0 {
		log.FromContext(ctx).V(1).Info("Adding machines to the pool", "uid", s.pool.UID, "want", s.want(), "create", len(free))
	}
	return ctrl.Result{}, r.create(ctx, s, free)
}

// occupants returns what has the names of the numbers.
func (s *scope) occupants() map[int]occupant {
	at := map[int]occupant{}
	for _, vm := range s.candidates {
		index, _ := indexOf(s.pool.Name, vm.Name)
		at[index] = foreign
		if pool := poolOf(vm); !vm.DeletionTimestamp.IsZero() || pool != nil && *pool == s.key() {
			at[index] = going
		}
	}
	for _, m := range s.machines {
		at[m.index] = own
	}
	return at
}

func (r *Reconciler) create(ctx context.Context, s *scope, indexes []int) error {
	created := make([]*v1.VirtualMachine, len(indexes))
	_, err := replicas.SlowStart(len(indexes), func(i int) error {
		vm := newMachine(s.pool, s.current.Name, indexes[i])
		err := r.Create(ctx, vm)
		switch {
		case err == nil:
			r.Events.Emit(s.pool, machineCreated(vm.Name))
		case apierrors.IsAlreadyExists(err):
			if vm, err = r.existing(ctx, s, vm.Name); err != nil {
				return err
			}
		default:
			return err
		}
		created[i] = vm
		r.expected.Created(s.key(), vm, s.now)
		return nil
	})
	for i, vm := range created {
		if vm != nil && vm.DeletionTimestamp.IsZero() {
			s.machines = append(s.machines, &machine{index: indexes[i], vm: vm})
		}
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil // As of a revision.
	}
	if err != nil {
		r.fail(s, v1.ReasonFailedScaleOut, err)
		return fmt.Errorf("creating machines: %w", err)
	}
	return nil
}

// existing returns a machine that the cache did not show: the pool's, made a moment
// ago. Another's is passed over once the cache shows it.
func (r *Reconciler) existing(ctx context.Context, s *scope, name string) (*v1.VirtualMachine, error) {
	live := &v1.VirtualMachine{}
	if err := r.Live.Get(ctx, client.ObjectKey{Namespace: s.pool.Namespace, Name: name}, live); err != nil {
		return nil, fmt.Errorf("reading the machine: %w", err)
	}
	if !metav1.IsControlledBy(live, s.pool) {
		return nil, fmt.Errorf("the machine %s is there and is not the pool's", name)
	}
	return live, nil
}
