package kubevirt

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
			live, err := r.ensureOne(ctx, s.kv, object, bodies)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failed = err
				return
			}
			s.live[identify(object)] = live
		})
	}
	group.Wait()
	return failed
}

type specLoader func() (map[string]apiextensionsv1.CustomResourceDefinitionSpec, error)

func (r *Reconciler) ensureOne(ctx context.Context, kv *v1.KubeVirt, object component.Object, specs specLoader) (client.Object, error) {
	id := identify(object)
	live := newLike(object)
	err := r.Client.Get(ctx, id.key, live)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading %s %s: %w", id.kind.Kind, id.key.Name, err)
	}
	if err != nil {
		live = nil
	}
	live, ourLast := r.applied.newest(id, live)
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
		ourLast = ourLast && live.GetAnnotations()[component.AnnotationHash] == object.GetAnnotations()[component.AnnotationHash]
		if ourLast || same && generationKept(kv, id, live) {
			return live, nil
		}
	}
	return r.apply(ctx, kv, object, wanted, specs)
}

// apply sends one object.
func (r *Reconciler) apply(ctx context.Context, kv *v1.KubeVirt, object component.Object, wanted manifest, specs specLoader) (client.Object, error) {
	id := identify(object)
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
	if err != nil {
		return nil, fmt.Errorf("applying %s %s: %w", id.kind.Kind, id.key.Name, err)
	}
	slim(answer)
	r.applied.note(id, answer)
	return answer, nil
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
