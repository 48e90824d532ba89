// Package node watches over the node agents: a node whose agent has fallen silent
// gets no more guests until the agent is back.
package node

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	crevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/logging"
)

// Reconciler marks nodes whose agent is silent. The instances there keep running;
// their own controller reports what is known of them. The fields are its
// dependencies, all required.
type Reconciler struct {
	// Client reads from the cache and writes.
	client.Client
	// Events takes events about nodes.
	Events event.Recorder
	// Clock tells the time.
	Clock clock.PassiveClock
}

// Reconcile marks a silent node, or comes back when it would be silent.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	node := &corev1.Node{}
	if err := r.Get(ctx, req.NamespacedName, node); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	last, ok := heartbeat(node)
	if !ok || node.Labels[v1.LabelSchedulable] != "true" {
		return ctrl.Result{}, nil
	}
	now := r.Clock.Now()
	if !Silent(node, now) {
		return ctrl.Result{RequeueAfter: last.Add(silence).Sub(now)}, nil
	}
	if err := r.mark(ctx, node); err != nil {
		return ctrl.Result{}, fmt.Errorf("marking node %s unschedulable: %w", node.Name, err)
	}
	r.Events.Emit(node, unresponsive(node.Name))
	return ctrl.Result{}, nil
}

// mark takes the node out of scheduling, unless its agent has reported meanwhile.
func (r *Reconciler) mark(ctx context.Context, node *corev1.Node) error {
	data, err := json.Marshal([]map[string]string{
		{"op": "test", "path": "/metadata/annotations/" + pointer(v1.AnnotationHeartbeat), "value": node.Annotations[v1.AnnotationHeartbeat]},
		{"op": "replace", "path": "/metadata/labels/" + pointer(v1.LabelSchedulable), "value": "false"},
	})
	if err != nil {
		return fmt.Errorf("encoding the patch: %w", err)
	}
	return client.IgnoreNotFound(r.Patch(ctx, node.DeepCopy(), client.RawPatch(types.JSONPatchType, data)))
}

// pointer escapes a key for a JSON pointer.
func pointer(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// Setup adds the controller to a manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, options controller.Options) error {
	options.LogConstructor = logging.ForKind(mgr.GetLogger(), "Node")
	err := ctrl.NewControllerManagedBy(mgr).
		For(&corev1.Node{}, builder.WithPredicates(reported())).
		WithOptions(options).
		Complete(r)
	if err != nil {
		return fmt.Errorf("adding the node controller: %w", err)
	}
	return nil
}

// reported passes a node when its agent has reported or its mark has changed.
func reported() predicate.Predicate {
	return predicate.Funcs{
		DeleteFunc: func(crevent.DeleteEvent) bool { return false },
		UpdateFunc: func(e crevent.UpdateEvent) bool {
			return e.ObjectOld.GetAnnotations()[v1.AnnotationHeartbeat] != e.ObjectNew.GetAnnotations()[v1.AnnotationHeartbeat] ||
				e.ObjectOld.GetLabels()[v1.LabelSchedulable] != e.ObjectNew.GetLabels()[v1.LabelSchedulable]
		},
	}
}
