package pool

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/replicas"
)

// restart has the guests that run another revision start with the current one, as
// many at a time as the spec lets be unavailable.
func (r *Reconciler) restart(ctx context.Context, s *scope) (ctrl.Result, error) {
	strategy := s.pool.Spec.UpdateStrategy
	if s.still() || strategy != nil && (strategy.Unmanaged != nil || strategy.Opportunistic != nil) {
		return ctrl.Result{}, nil
	}
	candidates, err := s.outdated()
	if err != nil || len(candidates) == 0 {
		return ctrl.Result{}, err
	}
	var policy *poolv1beta1.VirtualMachinePoolSelectionPolicy
	if strategy != nil && strategy.Proactive != nil {
		policy = strategy.Proactive.SelectionPolicy
	}
	most, err := maxUnavailable(s.pool.Spec.MaxUnavailable, s.want())
	if err == nil {
		candidates, err = r.ordered(ctx, s, candidates, policy)
	}
	if err == nil {
		chosen := choose(candidates, most-unavailable(s.machines, s.want()))
		_, err = replicas.SlowStart(len(chosen), func(i int) error { return r.restartOne(ctx, s, chosen[i]) })
	}
	if err != nil {
		r.fail(s, v1.ReasonFailedUpdate, err)
		return ctrl.Result{}, fmt.Errorf("restarting machines: %w", err)
	}
	return ctrl.Result{}, nil
}

// maxUnavailable is how many of the machines may be unavailable: at least one, or
// an update would never end.
func maxUnavailable(limit *intstr.IntOrString, replicas int) (int, error) {
	if limit == nil {
		return replicas, nil
	}
	most, err := intstr.GetScaledValueFromIntOrPercent(limit, replicas, false)
	if err != nil {
		return 0, fmt.Errorf("reading spec.maxUnavailable: %w", err)
	}
	return max(most, 1), nil
}

// unavailable counts the machines that are missing or not ready. Those that are
// meant to be off are neither.
func unavailable(machines []*machine, want int) int {
	n := max(want-len(machines), 0)
	for _, m := range machines {
		if !m.ready() && !m.off() {
			n++
		}
	}
	return n
}

// choose returns those of the machines, in their order, that may be restarted. A
// machine that is not ready costs nothing: a template that did not work must not
// keep its successor away.
func choose(candidates []*machine, budget int) []*machine {
	var chosen []*machine
	for _, m := range candidates {
		switch {
		case !m.ready():
		case budget > 0:
			budget--
		default:
			continue
		}
		chosen = append(chosen, m)
	}
	return chosen[:min(len(chosen), burst)]
}

// outdated returns the machines that are up to date but for their guests.
func (s *scope) outdated() ([]*machine, error) {
	var outdated []*machine
	for _, m := range s.machines {
		if !restartable(m, s.current.Name) {
			continue
		}
		if old := s.named(m.vmi.Labels[v1.LabelPoolRevisionName]); old != nil {
			c, err := old.content()
			if err != nil {
				return nil, err
			}
			if sameGuest(c, contentOf(&s.pool.Spec), m.index) {
				continue
			}
		}
		outdated = append(outdated, m)
	}
	return outdated, nil
}

// restartable reports whether a machine runs another revision than it would when it
// was started again, which its controller must have seen, and can be restarted. A
// machine that runs once or waits for a guest from elsewhere would not come back.
func restartable(m *machine, revision string) bool {
	strategy, err := m.vm.RunStrategy()
	return err == nil && m.runs() && m.vmi.DeletionTimestamp.IsZero() &&
		m.vm.Labels[v1.LabelPoolRevisionName] == revision && m.vmi.Labels[v1.LabelPoolRevisionName] != revision &&
		m.vm.Status.DesiredGeneration == m.vm.Generation && len(m.vm.Status.StateChangeRequests) == 0 &&
		(strategy == v1.RunStrategyAlways || strategy == v1.RunStrategyManual || strategy == v1.RunStrategyRerunOnFailure)
}

// sameGuest reports whether two contents make the same instance of a number.
func sameGuest(a, b *content, index int) bool {
	guestOf := func(c *content) *v1.VirtualMachineInstanceSpec {
		vm := render(c, "", index)
		if vm.Spec.Template == nil {
			return nil
		}
		return &vm.Spec.Template.Spec
	}
	return equality.Semantic.DeepEqual(guestOf(a), guestOf(b))
}

// restartOne ends an instance. Where the run strategy does not bring another, it is
// asked for.
func (r *Reconciler) restartOne(ctx context.Context, s *scope, m *machine) error {
	if strategy, _ := m.vm.RunStrategy(); strategy == v1.RunStrategyAlways {
		if err := r.Delete(ctx, m.vmi, client.Preconditions{UID: &m.vmi.UID, ResourceVersion: &m.vmi.ResourceVersion}); err != nil {
			return client.IgnoreNotFound(err)
		}
		r.writes.Await(s.key(), m.vmi)
	} else {
		p := patch.New(r.Client, m.vm)
		m.vm.Status.StateChangeRequests = []v1.VirtualMachineStateChangeRequest{
			{Action: v1.StateChangeRequestActionStop, UID: &m.vmi.UID}, {Action: v1.StateChangeRequestActionStart},
		}
		if err := p.Finish(ctx, m.vm); err != nil {
			return client.IgnoreNotFound(err)
		}
		r.writes.Note(s.key(), m.vm)
	}
	r.Events.Emit(s.pool, machineRestarted(m.vm.Name, s.current.Name))
	return nil
}
