package pool

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/internal/replicas"
)

// update brings the machines made from another revision to the template as it is.
// Their guests see that at their next start.
func (r *Reconciler) update(ctx context.Context, s *scope) (ctrl.Result, error) {
	strategy := s.pool.Spec.UpdateStrategy
	if s.still() || strategy != nil && strategy.Unmanaged != nil {
		return ctrl.Result{}, nil
	}
	var outdated []*machine
	for _, m := range s.machines {
		if m.vm.Labels[v1.LabelPoolRevisionName] != s.current.Name {
			outdated = append(outdated, m)
		}
	}
	outdated = outdated[:min(len(outdated), burst)]
	_, err := replicas.SlowStart(len(outdated), func(i int) error {
		m := outdated[i]
		p := patch.New(r.Client, m.vm)
		if err := r.bring(s, m); err != nil {
			return err
		}
		if err := p.Finish(ctx, m.vm); err != nil {
			return client.IgnoreNotFound(err)
		}
		r.writes.Note(s.key(), m.vm)
		r.Events.Emit(s.pool, machineUpdated(m.vm.Name, s.current.Name))
		return nil
	})
	if err != nil {
		r.fail(s, v1.ReasonFailedUpdate, err)
		return ctrl.Result{}, fmt.Errorf("updating machines: %w", err)
	}
	return ctrl.Result{}, nil
}

func (r *Reconciler) bring(s *scope, m *machine) error {
	var before *v1.VirtualMachine
	if old := s.named(m.vm.Labels[v1.LabelPoolRevisionName]); old != nil {
		c, err := old.content()
		if err != nil {
			return err
		}
		before = render(c, old.Name, m.index)
	}
	return bring(m.vm, before, render(contentOf(&s.pool.Spec), s.current.Name, m.index))
}

// ordered returns machines in the order of a policy, which may ask for their nodes.
func (r *Reconciler) ordered(ctx context.Context, s *scope, machines []*machine, policy *poolv1beta1.VirtualMachinePoolSelectionPolicy) ([]*machine, error) {
	nodes := map[string]labels.Set{}
	if policy != nil && policy.Selectors != nil && policy.Selectors.NodeSelectorRequirementMatcher != nil {
		for _, m := range machines {
			name := m.node()
			if _, known := nodes[name]; known || name == "" {
				continue
			}
			node := &corev1.Node{}
			if err := r.Get(ctx, client.ObjectKey{Name: name}, node); client.IgnoreNotFound(err) != nil {
				return nil, fmt.Errorf("reading the node of a machine: %w", err)
			} else if err == nil {
				nodes[name] = node.Labels
			}
		}
	}
	return order(machines, policy, nodes, r.Shuffle)
}
