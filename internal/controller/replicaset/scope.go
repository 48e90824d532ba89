package replicaset

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

// scope is everything one reconcile has read and found out. Nothing in it
// survives the reconcile.
type scope struct {
	set *v1.VirtualMachineInstanceReplicaSet
	now time.Time
	// candidates are the instances of the namespace that the set controls, and those that nobody does.
	candidates []*v1.VirtualMachineInstance
	// selector is nil while the spec's is not usable.
	selector labels.Selector
	// instances are the set's own, without those that this reconcile has deleted.
	instances []*v1.VirtualMachineInstance
	// failure is why an instance could not be made or removed; nil when all could.
	failure *failure

	patch *patch.Patch
}

// failure becomes the condition ReplicaFailure.
type failure struct {
	reason, message string
}

func (s *scope) key() client.ObjectKey { return client.ObjectKeyFromObject(s.set) }

// want is how many instances the spec asks for.
func (s *scope) want() int {
	if s.set.Spec.Replicas == nil {
		return 1
	}
	return max(int(*s.set.Spec.Replicas), 0)
}

// read fills the scope.
func (r *Reconciler) read(ctx context.Context, set *v1.VirtualMachineInstanceReplicaSet) (*scope, error) {
	s := &scope{set: set, now: r.Clock.Now(), patch: patch.New(r.Client, set)}
	for _, controller := range []string{string(set.UID), nobody} {
		list := &v1.VirtualMachineInstanceList{}
		err := r.List(ctx, list, client.InNamespace(set.Namespace), client.MatchingFields{IndexController: controller})
		if err != nil {
			return nil, fmt.Errorf("listing the instances: %w", err)
		}
		for i := range list.Items {
			s.candidates = append(s.candidates, &list.Items[i])
		}
	}
	return s, nil
}

// selectorOf returns the spec's selector. It fails where the set would not find
// again what it makes, and would make ever more.
func selectorOf(spec *v1.VirtualMachineInstanceReplicaSetSpec) (labels.Selector, error) {
	if spec.Template == nil {
		return nil, errors.New("the replica set has no template")
	}
	selector, err := metav1.LabelSelectorAsSelector(spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("reading the selector: %w", err)
	}
	if selector.Empty() || !selector.Matches(labels.Set(spec.Template.Metadata.Labels)) {
		return nil, errors.New("the selector does not select the labels of the template")
	}
	return selector, nil
}
