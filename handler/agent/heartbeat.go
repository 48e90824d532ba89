package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/nodefact"
)

const (
	// beatInterval is the time between two heartbeats.
	beatInterval = time.Minute
	// firstBeatAfter is how long the first heartbeat waits for the kubelet to know
	// the devices; without them the node is not schedulable.
	firstBeatAfter = 30 * time.Second
	// beatAgain is the wait after a heartbeat that failed.
	beatAgain = 5 * time.Second
)

// Heartbeat keeps the node's labels and tells that this process is alive. It
// writes once a minute; labels go along when they differ.
type Heartbeat struct {
	Client client.Client
	// Live reads past any cache: the node is read once.
	Live  client.Reader
	Node  string
	Clock clock.Clock
	Log   logr.Logger
	// DevicesListed is closed once the kubelet knows the node's devices.
	DevicesListed <-chan struct{}
	// Labels returns the labels that describe the node's capabilities.
	Labels func() map[string]string
	// Merging has the node's kernel merge pages where the cluster wants it.
	Merging Merging
	// Wake brings the next heartbeat forward; nil never does.
	Wake <-chan struct{}

	// last is the node as the last answer showed it.
	last *metav1.PartialObjectMetadata
}

// Start beats until ctx is done. What it has set stays: guests outlive this
// process, and a silent node is recognized by its last heartbeat.
func (h *Heartbeat) Start(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-h.DevicesListed:
	case <-h.Clock.After(firstBeatAfter):
		h.Log.Info("The kubelet does not know this node's devices yet; it stays unschedulable")
	}
	for {
		wait := beatInterval
		if err := h.beat(ctx); err != nil && ctx.Err() == nil {
			h.Log.Info("A heartbeat failed", "reason", err.Error())
			wait = beatAgain
		}
		listed := h.DevicesListed
		if h.devicesListed() {
			listed = nil // known already
		}
		select {
		case <-ctx.Done():
			return nil
		case <-listed:
		case <-h.Wake:
		case <-h.Clock.After(wait):
		}
	}
}

// NeedLeaderElection says that every node beats for itself.
func (h *Heartbeat) NeedLeaderElection() bool { return false }

func (h *Heartbeat) devicesListed() bool {
	select {
	case <-h.DevicesListed:
		return true
	default:
		return false
	}
}

// beat writes one heartbeat, and a second one where the first has changed what the
// node is to be labelled with.
func (h *Heartbeat) beat(ctx context.Context) error {
	if err := h.write(ctx); err != nil {
		return err
	}
	changed, err := h.mergePages(ctx)
	if err != nil || !changed {
		return err
	}
	return h.write(ctx)
}

func (h *Heartbeat) write(ctx context.Context) error {
	if h.last == nil {
		node := nodeMetadata(h.Node)
		if err := h.Live.Get(ctx, client.ObjectKeyFromObject(node), node); err != nil {
			return fmt.Errorf("reading the node: %w", err)
		}
		h.last = node
	}
	patch, err := h.patch()
	if err != nil {
		return err
	}
	return h.send(ctx, patch)
}

func (h *Heartbeat) send(ctx context.Context, patch []byte) error {
	node := nodeMetadata(h.Node)
	if err := h.Client.Patch(ctx, node, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("patching the node: %w", err)
	}
	h.last = node
	return nil
}

// patch is the next heartbeat, with the labels that have to change.
func (h *Heartbeat) patch() ([]byte, error) {
	changes := map[string]*string{}
	if _, skip := h.last.Annotations[v1.AnnotationSkipNodeLabeller]; !skip {
		changes = nodefact.Changes(h.last.Labels, h.Labels())
	}
	schedulable := "false"
	if h.devicesListed() {
		schedulable = "true"
	}
	if h.last.Labels[v1.LabelSchedulable] != schedulable {
		changes[v1.LabelSchedulable] = &schedulable
	}
	metadata := map[string]any{
		"annotations": map[string]string{v1.AnnotationHeartbeat: h.Clock.Now().UTC().Format(time.RFC3339)},
	}
	if len(changes) > 0 {
		metadata["labels"] = changes
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return nil, fmt.Errorf("encoding the heartbeat: %w", err)
	}
	return patch, nil
}

// nodeMetadata asks for a node without its spec and status.
func nodeMetadata(name string) *metav1.PartialObjectMetadata {
	node := &metav1.PartialObjectMetadata{}
	node.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	node.Name = name
	return node
}
