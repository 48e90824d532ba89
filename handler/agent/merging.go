package agent

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Kernel merges equal pages of memory, or not.
type Kernel interface {
	// Merges tells whether it does, and whether it can.
	Merges() (merges, able bool)
	// Merge switches it on or off.
	Merge(on bool) error
}

// Merging is about the node's equal pages of memory.
type Merging struct {
	// Nodes returns the selector of the nodes that are to merge them; nil for none.
	Nodes func() *metav1.LabelSelector
	// Kernel is the node's.
	Kernel Kernel
}

// switchFor decides what becomes of a kernel's merging. It is ours only where we have
// switched it on, which an annotation of the node says; an administrator's is left as
// it is.
func switchFor(wanted, ours, merges bool) (turn, on bool) {
	switch {
	case wanted && !merges:
		return true, true
	case !wanted && ours:
		return true, false
	}
	return false, false
}

// mergePages switches the kernel's merging where the node's labels and the cluster's
// configuration want it, and tells whether it did. The annotation is there for as long
// as the kernel may be merging, whenever this process ends.
func (h *Heartbeat) mergePages(ctx context.Context) (bool, error) {
	if h.Merging.Kernel == nil {
		return false, nil
	}
	wanted, err := selects(h.Merging.Nodes(), h.last.Labels)
	if err != nil {
		return false, err
	}
	ours := h.last.Annotations[v1.AnnotationKSMHandlerManaged] == "true"
	merges, able := h.Merging.Kernel.Merges()
	turn, on := switchFor(wanted, ours, merges)
	if !turn || !able && on {
		return false, nil
	}
	if on && !ours {
		yes := "true"
		if err := h.markMerging(ctx, &yes); err != nil {
			return false, err
		}
	}
	if able {
		if err := h.Merging.Kernel.Merge(on); err != nil {
			return false, err
		}
	}
	h.Log.Info("Switched the merging of equal pages", "on", on)
	if !on {
		return true, h.markMerging(ctx, nil)
	}
	return true, nil
}

func (h *Heartbeat) markMerging(ctx context.Context, value *string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"annotations": map[string]*string{v1.AnnotationKSMHandlerManaged: value},
	}})
	if err != nil {
		return fmt.Errorf("encoding the node's annotation: %w", err)
	}
	return h.send(ctx, patch)
}

func selects(selector *metav1.LabelSelector, present map[string]string) (bool, error) {
	chosen, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false, fmt.Errorf("reading ksmConfiguration.nodeLabelSelector: %w", err)
	}
	return chosen.Matches(labels.Set(present)), nil
}
