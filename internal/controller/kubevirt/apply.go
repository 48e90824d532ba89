package kubevirt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// fieldOwner is the name under which the operator applies.
const fieldOwner = client.FieldOwner("virt-operator")

// parallel is how many objects are sent at a time. More only makes them wait for
// each other in the API server.
const parallel = 8

// liveObjects are the installation's objects as the cluster has them.
type liveObjects map[identity]client.Object

// ensure makes the cluster hold a list of objects. Those that it holds already
// cost nothing.
func (r *Reconciler) ensure(ctx context.Context, s *scope, objects []component.Object) error {
	var (
		group   sync.WaitGroup
		mutex   sync.Mutex
		failed  error
		tickets = make(chan struct{}, parallel)
		bodies  = sync.OnceValues(r.Definitions.specs)
	)
	for _, object := range objects {
		tickets <- struct{}{}
		group.Go(func() {
			defer func() { <-tickets }()
			live, err := r.ensureOne(ctx, s, object, bodies)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failed = err
				return
			}
			if live != nil {
				s.live[identify(object)] = live
			}
		})
	}
	group.Wait()
	return failed
}

type specLoader func() (map[string]apiextensionsv1.CustomResourceDefinitionSpec, error)

// ensureOne makes the cluster hold an object, and returns it as it is then: nil if
// it has to stay away for now.
func (r *Reconciler) ensureOne(ctx context.Context, s *scope, object component.Object, specs specLoader) (client.Object, error) {
	id, content := identify(object), object.GetAnnotations()[component.AnnotationHash]
	cached, err := r.look(ctx, object)
	if err != nil {
		return nil, err
	}
	live, ourLast := r.applied.newest(id, cached)
	wanted, err := newManifest(object)
	if err != nil {
		return nil, err
	}
	if live != nil {
		same, err := holds(live, wanted)
		if err != nil {
			return nil, err
		}
		// What our last apply left different is not ours to have: sending it
		// again would leave it the same.
		sameMark := live.GetAnnotations()[component.AnnotationHash] == content
		if ourLast && sameMark || same && generationKept(s.kv, id, live) {
			r.applied.found(id, content, live)
			return live, nil
		}
	}
	damaged := r.damage(s, object.(client.Object), live)
	if damaged && r.patient(s, id) {
		return live, nil
	}
	deleted := live == nil
	if damaged && deleted {
		there, err := r.unlabelled(ctx, id, object.GetObjectKind().GroupVersionKind().Version)
		if err != nil {
			return nil, err
		}
		deleted = !there
	}
	answer, err := r.apply(ctx, s.kv, object, wanted, specs)
	if err != nil {
		return nil, err
	}
	if !damaged {
		return answer, nil
	}
	if mended, err := differ(live, answer); err != nil || !mended {
		return answer, err
	}
	r.restored(s, id, deleted)
	return answer, nil
}

// look reads an object from the cache; nil if it is not there.
func (r *Reconciler) look(ctx context.Context, object component.Object) (client.Object, error) {
	id, live := identify(object), newLike(object)
	err := r.Client.Get(ctx, id.key, live)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading %s %s: %w", id.kind.Kind, id.key.Name, err)
	}
	if err != nil {
		return nil, nil
	}
	return live, nil
}

// apply sends one object.
func (r *Reconciler) apply(ctx context.Context, kv *v1.KubeVirt, object component.Object, wanted manifest, specs specLoader) (client.Object, error) {
	id := identify(object)
	content := object.GetAnnotations()[component.AnnotationHash]
	if _, isStub := object.(*metav1.PartialObjectMetadata); isStub {
		all, err := specs()
		if err != nil {
			return nil, err
		}
		spec := all[id.key.Name]
		body, err := newManifest(&apiextensionsv1.CustomResourceDefinition{Spec: spec})
		if err != nil {
			return nil, err
		}
		wanted["spec"] = body["spec"]
	}
	metadata := wanted["metadata"].(map[string]any)
	metadata["annotations"].(map[string]any)[v1.AnnotationGeneration] = fmt.Sprint(kv.Generation)
	text, err := json.Marshal(wanted)
	if err != nil {
		return nil, fmt.Errorf("encoding %s %s: %w", id.kind.Kind, id.key.Name, err)
	}
	answer := newLike(object)
	answer.SetName(id.key.Name)
	answer.SetNamespace(id.key.Namespace)
	err = r.Client.Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, text), fieldOwner, client.ForceOwnership)
	if apierrors.IsInvalid(err) {
		err = r.insist(ctx, object, answer, text, err)
	}
	if err != nil {
		return nil, fmt.Errorf("applying %s %s: %w", id.kind.Kind, id.key.Name, err)
	}
	slim(answer)
	r.applied.note(id, content, answer)
	return answer, nil
}

// insist sends an object that cannot be applied: it holds something of somebody else
// that does not go with ours. So lists are put back whole; and if that is not enough,
// because it was made otherwise in what never changes, the object is.
func (r *Reconciler) insist(ctx context.Context, object component.Object, answer client.Object, text []byte, refused error) error {
	err := r.Client.Patch(ctx, answer, client.RawPatch(types.MergePatchType, text), fieldOwner)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsInvalid(err) && fixed(object) == nil:
		return refused
	case !apierrors.IsInvalid(err):
		return err
	}
	live := newLike(object)
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(answer), live); err != nil {
		return errors.Join(refused, err)
	}
	// A policy of the cluster's refuses in the same words, and would refuse a new one too.
	if fixed(object) == fixed(live) {
		return refused
	}
	if err := r.Client.Delete(ctx, object.(client.Object)); client.IgnoreNotFound(err) != nil {
		return err
	}
	return r.Client.Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, text), fieldOwner, client.ForceOwnership)
}

// fixed is what never changes of an object; nil for kinds of which something is lost
// while one is away for a moment.
func fixed(object any) any {
	switch o := object.(type) {
	case *rbacv1.ClusterRoleBinding:
		return o.RoleRef
	case *rbacv1.RoleBinding:
		return o.RoleRef
	case *schedulingv1.PriorityClass:
		return o.Value
	}
	return nil
}

// holds tells whether a live object has all that is wanted of it.
func holds(live client.Object, wanted manifest) (bool, error) {
	have, err := newManifest(live)
	if err != nil {
		return false, err
	}
	// Objects read from a cache do not say their kind.
	have["apiVersion"], have["kind"] = wanted["apiVersion"], wanted["kind"]
	return contains(have, wanted), nil
}

// generationKept tells whether an object whose spec is not kept in memory is still
// of the generation that was applied.
func generationKept(kv *v1.KubeVirt, id identity, live client.Object) bool {
	if _, isDefinition := live.(*apiextensionsv1.CustomResourceDefinition); !isDefinition {
		return true
	}
	last := slices.IndexFunc(kv.Status.Generations, func(g v1.GenerationStatus) bool {
		return g.Name == id.key.Name && g.Group == id.kind.Group && g.LastGeneration == live.GetGeneration()
	})
	return last >= 0
}

// newLike returns an empty object of the same kind; for a CRD's stub a whole CRD.
func newLike(object component.Object) client.Object {
	if _, isStub := object.(*metav1.PartialObjectMetadata); isStub {
		return &apiextensionsv1.CustomResourceDefinition{}
	}
	if foreign, ok := object.(*unstructured.Unstructured); ok {
		return foreignObject(foreign.GroupVersionKind())
	}
	return reflect.New(reflect.TypeOf(object).Elem()).Interface().(client.Object)
}

// slim drops from an object what nothing here looks at.
func slim(object client.Object) {
	object.SetManagedFields(nil)
	if crd, ok := object.(*apiextensionsv1.CustomResourceDefinition); ok {
		crd.Spec = apiextensionsv1.CustomResourceDefinitionSpec{Group: crd.Spec.Group, Names: crd.Spec.Names, Scope: crd.Spec.Scope}
	}
}

// deleteAll deletes a list of objects, those in use last if foreground is asked
// for, and reports whether any was still there.
func (r *Reconciler) deleteAll(ctx context.Context, list []client.Object, policy metav1.DeletionPropagation) (bool, error) {
	left := false
	for _, object := range list {
		left = true
		if !object.GetDeletionTimestamp().IsZero() {
			continue
		}
		uid := object.GetUID()
		err := r.Client.Delete(ctx, object, client.PropagationPolicy(policy), client.Preconditions{UID: &uid})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return left, fmt.Errorf("deleting %T %s: %w", object, object.GetName(), err)
		}
	}
	return left, nil
}
