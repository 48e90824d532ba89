// Package patch writes what a reconcile changed, in as few requests as possible
// and only when something changed. Objects whose status has one writer go
// through Patch; VirtualMachineInstances, whose status has several, through
// Instance.
package patch

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Patch remembers an object as it was read.
type Patch struct {
	client client.Client
	before client.Object
}

// New remembers obj as it is now. The kind must have a status subresource.
func New(c client.Client, obj client.Object) *Patch {
	return &Patch{client: c, before: obj.DeepCopyObject().(client.Object)}
}

// Finish writes the difference between the object remembered and obj: one merge
// patch for everything but the status, then one for the status, each only when
// there is a difference. Both name the resourceVersion that was read, so that a
// change made by others in between fails as a conflict (apierrors.IsConflict).
// Afterwards obj carries the resourceVersion of the last write. An error of the
// API server is returned wrapped.
func (p *Patch) Finish(ctx context.Context, obj client.Object) error {
	rest, status, err := difference(p.before, obj)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		err := send(obj, rest, func(target client.Object, data client.Patch) error {
			return p.client.Patch(ctx, target, data)
		})
		if err != nil {
			return fmt.Errorf("patching %s: %w", client.ObjectKeyFromObject(obj), err)
		}
	}
	if len(status) > 0 {
		err := send(obj, map[string]any{"status": status["status"]}, func(target client.Object, data client.Patch) error {
			return p.client.Status().Patch(ctx, target, data)
		})
		if err != nil {
			return fmt.Errorf("patching the status of %s: %w", client.ObjectKeyFromObject(obj), err)
		}
	}
	p.before = obj.DeepCopyObject().(client.Object)
	return nil
}

// send patches a copy, because the answer replaces it whole and obj may hold a
// status that is still to be written.
func send(obj client.Object, change map[string]any, do func(client.Object, client.Patch) error) error {
	metadata, _ := change["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		change["metadata"] = metadata
	}
	metadata["resourceVersion"] = obj.GetResourceVersion()
	metadata["uid"] = obj.GetUID()
	data, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("encoding the patch: %w", err)
	}
	target := obj.DeepCopyObject().(client.Object)
	if err := do(target, client.RawPatch(types.MergePatchType, data)); err != nil {
		return err
	}
	obj.SetResourceVersion(target.GetResourceVersion())
	obj.SetGeneration(target.GetGeneration())
	return nil
}

// difference returns the merge patch from one object to the other, split into
// everything but the status and the status.
func difference(before, after client.Object) (rest, status map[string]any, err error) {
	old, err := json.Marshal(before)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the object as read: %w", err)
	}
	changed, err := json.Marshal(after)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the object as changed: %w", err)
	}
	data, err := jsonpatch.CreateMergePatch(old, changed)
	if err != nil {
		return nil, nil, fmt.Errorf("comparing the object with itself as read: %w", err)
	}
	if err := json.Unmarshal(data, &rest); err != nil {
		return nil, nil, fmt.Errorf("reading the comparison: %w", err)
	}
	if s, ok := rest["status"]; ok {
		status = map[string]any{"status": s}
		delete(rest, "status")
	}
	return rest, status, nil
}
