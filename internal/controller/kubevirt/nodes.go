package kubevirt

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// cleanNodes removes what virt-handler has written on nodes.
func (r *Reconciler) cleanNodes(ctx context.Context, _ *scope) error {
	nodes := &metav1.PartialObjectMetadataList{}
	nodes.APIVersion, nodes.Kind = "v1", "NodeList"
	if err := r.Live.List(ctx, nodes); err != nil {
		return fmt.Errorf("listing nodes: %w", err)
	}
	for i := range nodes.Items {
		node := &nodes.Items[i]
		labels, annotations := ownKeys(node.Labels), ownKeys(node.Annotations)
		if len(labels)+len(annotations) == 0 {
			continue
		}
		change, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels, "annotations": annotations}})
		if err != nil {
			return fmt.Errorf("encoding a patch: %w", err)
		}
		err = r.Client.Patch(ctx, node, client.RawPatch(types.MergePatchType, change))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("removing our labels of node %s: %w", node.Name, err)
		}
	}
	return nil
}

// ownKeys returns the keys of labels or annotations that are ours, each with a nil
// value: a merge patch that removes them.
func ownKeys(entries map[string]string) map[string]any {
	own := map[string]any{}
	for key := range entries {
		domain, _, _ := strings.Cut(key, "/")
		if domain == v1.GroupName || strings.HasSuffix(domain, "."+v1.GroupName) || key == v1.LabelCPUManagerLegacy {
			own[key] = nil
		}
	}
	return own
}
