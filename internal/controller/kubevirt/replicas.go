package kubevirt

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// scaling is what the edge profile has done to the operator's own Deployment.
type scaling struct {
	// From is the number of replicas before.
	From int32 `json:"from"`
	// By is the image of the operator that did it: its manifest, applied for a new
	// version, brings the number that it was written with.
	By string `json:"by"`
}

// scale decides how many replicas the operator is to have, and what is to be kept of
// that. In the edge profile it is one, but each operator says so once only: what the
// administrator makes of it later stands. Without the profile it is the former number,
// unless somebody has changed the one. Nobody who stops the operator is hindered.
func scale(edge bool, replicas int32, image string, done *scaling) (int32, *scaling) {
	switch {
	case replicas == 0, edge && done != nil && done.By == image:
		return replicas, done
	case edge && replicas == 1 && done != nil:
		return 1, &scaling{From: done.From, By: image}
	case edge:
		return 1, &scaling{From: replicas, By: image}
	case done != nil && replicas == 1:
		return max(1, done.From), nil
	}
	return replicas, nil
}

// scaleSelf gives the operator's own Deployment the replicas of the profile.
func (r *Reconciler) scaleSelf(ctx context.Context, s *scope) error {
	return r.scaleTo(ctx, s.config != nil && s.config.Edge)
}

// unscaleSelf takes back what the edge profile did.
func (r *Reconciler) unscaleSelf(ctx context.Context, _ *scope) error { return r.scaleTo(ctx, false) }

func (r *Reconciler) scaleTo(ctx context.Context, edge bool) error {
	own := &appsv1.Deployment{}
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: r.Environment.Namespace, Name: component.Operator}, own)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the operator's Deployment: %w", err)
	}
	if err != nil {
		return nil // It runs otherwise.
	}
	text, scaled := own.Annotations[v1.AnnotationEdgeScaled]
	var done *scaling
	if scaled && json.Unmarshal([]byte(text), &done) != nil {
		done = nil // Somebody else's.
	}
	replicas, keep := scale(edge, ptr.Deref(own.Spec.Replicas, 1), r.Environment.Image, done)
	before := own.DeepCopy()
	own.Spec.Replicas = &replicas
	delete(own.Annotations, v1.AnnotationEdgeScaled)
	if keep != nil {
		text, err := json.Marshal(keep)
		if err != nil {
			return fmt.Errorf("encoding the operator's former replicas: %w", err)
		}
		if own.Annotations == nil {
			own.Annotations = map[string]string{}
		}
		own.Annotations[v1.AnnotationEdgeScaled] = string(text)
	}
	if ptr.Equal(before.Spec.Replicas, own.Spec.Replicas) && before.Annotations[v1.AnnotationEdgeScaled] == own.Annotations[v1.AnnotationEdgeScaled] {
		return nil
	}
	err = r.Client.Patch(ctx, own, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), fieldOwner)
	return wrap(err, "scaling the operator's Deployment")
}
