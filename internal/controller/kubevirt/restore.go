package kubevirt

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// restoration is one object that was put back.
type restoration struct {
	id identity
	// deleted, or else changed.
	deleted bool
	// times that it happened of late.
	times int
}

// restorations are those of one reconcile, whose objects are sent in parallel.
type restorations struct {
	mutex sync.Mutex
	list  []restoration
}

func (r *restorations) add(one restoration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.list = append(r.list, one)
}

// take returns what is still to be told.
func (r *restorations) take() []restoration {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	taken := r.list
	r.list = nil
	return taken
}

// damage tells whether an object that is to be sent has been changed or deleted by
// somebody else. What this operator did not want before, or wants otherwise now, is
// no damage. live is nil for an object that is not there.
func (r *Reconciler) damage(s *scope, wanted, live client.Object) bool {
	marks := wanted.GetAnnotations()
	content := marks[component.AnnotationHash]
	if last := r.applied.content(identify(wanted)); last != "" {
		return last == content
	}
	// Another process may have known it.
	return !r.complete.Load() && !s.switching && settled(s.kv) &&
		marks[v1.AnnotationInstallStrategyIdentifier] == s.kv.Status.ObservedDeploymentID &&
		(live == nil || live.GetAnnotations()[component.AnnotationHash] == content)
}

// known tells whether an object has been there before.
func (r *Reconciler) known(kv *v1.KubeVirt, id identity) bool {
	if r.applied.content(id) != "" {
		return true
	}
	for _, g := range kv.Status.Generations {
		if g.Name == id.key.Name && g.Namespace == id.key.Namespace && g.Group == id.kind.Group && g.Resource == resourceOf(id.kind) {
			return true
		}
	}
	return false
}

// settled tells whether everything that a KubeVirt object asks for has been there,
// as its status has it.
func settled(kv *v1.KubeVirt) bool {
	status := &kv.Status
	return status.Phase == v1.KubeVirtPhaseDeployed && ptr.Deref(status.ObservedGeneration, 0) == kv.Generation && !Updating(kv)
}

// unlabelled tells whether an object that the cache does not show is there: it has
// lost the label by which we find what is ours.
func (r *Reconciler) unlabelled(ctx context.Context, id identity, version string) (bool, error) {
	found := &metav1.PartialObjectMetadata{}
	found.SetGroupVersionKind(id.kind.WithVersion(version))
	err := r.Live.Get(ctx, id.key, found)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading %s %s: %w", id.kind.Kind, id.key.Name, err)
	}
	return err == nil, nil
}

// restored notes that an object was put back.
func (r *Reconciler) restored(s *scope, id identity, deleted bool) {
	s.restorations.add(restoration{id: id, deleted: deleted, times: r.applied.restored(id, s.now)})
}

// onceMore makes a part of an object that is not ours as a whole as wanted. What was
// made so before has been changed by others, and is not fought over.
func (r *Reconciler) onceMore(ctx context.Context, s *scope, id identity, content string, live client.Object, patch client.Patch, options ...client.PatchOption) error {
	writer := client.ObjectKeyFromObject(s.kv)
	again := r.applied.content(id) == content
	if r.writes.Behind(writer, live) || again && r.patient(s, id) {
		return nil
	}
	if err := r.Client.Patch(ctx, live, patch, append(options, fieldOwner)...); err != nil {
		return err
	}
	r.writes.Note(writer, live)
	r.applied.keep(id, content)
	if again {
		r.restored(s, id, false)
	}
	return nil
}

// patient tells whether an object has to stay for now as somebody else, who does so
// again and again, has made it.
func (r *Reconciler) patient(s *scope, id identity) bool {
	at := r.applied.mayRestore(id, s.now)
	if !at.After(s.now) {
		return false
	}
	s.restorations.mutex.Lock()
	defer s.restorations.mutex.Unlock()
	s.at(at)
	return true
}
