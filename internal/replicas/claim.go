package replicas

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"kubevirt.io/kubevirt/internal/patch"
)

// Claimer adopts and releases objects on behalf of an owner. All fields are
// required but for Finalizer.
type Claimer struct {
	// Client writes the objects.
	Client client.Client
	// Live reads the owner past the cache.
	Live client.Reader
	// Writes notes the objects changed, under the owner's key. While the cache is behind one of them, nothing
	// should be claimed again.
	Writes *patch.Writes
	// Owner is who claims, of the kind that it is of.
	Owner client.Object
	Kind  schema.GroupVersionKind
	// Selector is what the owner's objects match.
	Selector labels.Selector
	// Finalizer is the one with which the owner marks its objects. It goes from one that is let go, for which the
	// owner does nothing more.
	Finalizer string
}

// Claim returns those of the candidates, all of the owner's namespace, that are
// the owner's. Those that match its selector and have no controller become its
// own; those of its own that no longer match are let go. An owner that is being
// deleted does neither, nor is an object adopted that is being deleted. What could
// not be claimed is left out; the error tells why.
func Claim[O client.Object](ctx context.Context, c *Claimer, candidates []O) ([]O, error) {
	// One live look at the owner is enough for all orphans.
	mayAdopt := sync.OnceValues(func() (bool, error) { return c.mayAdopt(ctx) })
	var claimed []O
	var errs []error
	for _, obj := range candidates {
		controller := metav1.GetControllerOf(obj)
		matches := c.Selector.Matches(labels.Set(obj.GetLabels()))
		var err error
		switch {
		case controller != nil && controller.UID != c.Owner.GetUID():
		case controller != nil && (matches || c.leaving()):
			claimed = append(claimed, obj)
		case controller != nil:
			err = c.release(ctx, obj)
		case !matches, c.leaving(), !obj.GetDeletionTimestamp().IsZero():
		default:
			var may bool
			if may, err = mayAdopt(); !may {
				break
			}
			if err = c.adopt(ctx, obj); err == nil {
				claimed = append(claimed, obj)
			}
		}
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return claimed, errors.Join(errs...)
}

func (c *Claimer) leaving() bool { return !c.Owner.GetDeletionTimestamp().IsZero() }

// mayAdopt asks the API server whether the owner is still there: an orphan that a
// lagging cache gave to an owner just deleted would be collected with it.
func (c *Claimer) mayAdopt(ctx context.Context) (bool, error) {
	owner := &metav1.PartialObjectMetadata{}
	owner.SetGroupVersionKind(c.Kind)
	if err := c.Live.Get(ctx, client.ObjectKeyFromObject(c.Owner), owner); err != nil {
		return false, fmt.Errorf("reading the owner before adopting: %w", err)
	}
	return owner.UID == c.Owner.GetUID() && owner.DeletionTimestamp.IsZero(), nil
}

func (c *Claimer) adopt(ctx context.Context, obj client.Object) error {
	owners := append(obj.GetOwnerReferences(), *metav1.NewControllerRef(c.Owner, c.Kind))
	return c.change(ctx, "adopting", obj, func() { obj.SetOwnerReferences(owners) })
}

func (c *Claimer) release(ctx context.Context, obj client.Object) error {
	others := slices.DeleteFunc(slices.Clone(obj.GetOwnerReferences()), func(r metav1.OwnerReference) bool {
		return r.UID == c.Owner.GetUID()
	})
	return c.change(ctx, "releasing", obj, func() {
		obj.SetOwnerReferences(others)
		controllerutil.RemoveFinalizer(obj, c.Finalizer)
	})
}

// change writes what do changes, on the condition that the object is the one that was
// read: others adopt too.
func (c *Claimer) change(ctx context.Context, doing string, obj client.Object, do func()) error {
	p := patch.New(c.Client, obj)
	do()
	if err := p.Finish(ctx, obj); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	c.Writes.Note(client.ObjectKeyFromObject(c.Owner), obj)
	return nil
}
