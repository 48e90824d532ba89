//go:build envtest

package agent

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/test/envtest"
)

func TestHeartbeat(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: testNode, Labels: map[string]string{
		"cpu-model.node.kubevirt.io/Old": "true", "kubernetes.io/hostname": testNode,
	}}}
	if err := cluster.Client.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	requests := &envtest.Requests{}
	own := newClient(t, component.HandlerAccount, testNode, requests)
	listed := make(chan struct{})
	wanted := map[string]string{"cpu-model.node.kubevirt.io/New": "true"}
	h := &Heartbeat{Client: own, Live: own, Node: testNode, Clock: clock.RealClock{}, Log: testr.New(t),
		DevicesListed: listed, Labels: func() map[string]string { return wanted }}
	beat := func() map[string]string {
		t.Helper()
		if err := h.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
			t.Fatal(err)
		}
		if when, err := time.Parse(time.RFC3339, node.Annotations[v1.AnnotationHeartbeat]); err != nil || time.Since(when) > time.Minute {
			t.Errorf("heartbeat %q", node.Annotations[v1.AnnotationHeartbeat])
		}
		return node.Labels
	}
	labels := beat()
	if _, old := labels["cpu-model.node.kubevirt.io/Old"]; old || labels["cpu-model.node.kubevirt.io/New"] != "true" ||
		labels["kubevirt.io/schedulable"] != "false" || labels["kubernetes.io/hostname"] != testNode {
		t.Errorf("labels %v", labels)
	}
	close(listed)
	if labels := beat(); labels["kubevirt.io/schedulable"] != "true" {
		t.Errorf("labels %v", labels)
	}
	if patch, err := h.patch(); err != nil || strings.Contains(string(patch), "labels") {
		t.Errorf("the next heartbeat would be %s (%v)", patch, err)
	}
	if writes := requests.Take(); len(writes) != 2 {
		t.Errorf("writes %q", writes)
	}
	node.Labels["cpu-model.node.kubevirt.io/New"] = "false"
	if err := cluster.Client.Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	beat() // shows what somebody else has changed
	if labels := beat(); labels["cpu-model.node.kubevirt.io/New"] != "true" {
		t.Errorf("labels %v", labels)
	}
	node.Annotations[v1.AnnotationSkipNodeLabeller] = "true"
	if err := cluster.Client.Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	beat()
	wanted = map[string]string{"cpu-model.node.kubevirt.io/Other": "true"}
	if labels := beat(); labels["cpu-model.node.kubevirt.io/New"] != "true" {
		t.Errorf("labels changed although the administrator asked for none: %v", labels)
	}
}

// fakeKernel remembers what it was told.
type fakeKernel struct{ merges, unable bool }

func (k *fakeKernel) Merges() (bool, bool) { return k.merges, !k.unable }

func (k *fakeKernel) Merge(on bool) error {
	k.merges = on
	return nil
}

func TestMergingOfPages(t *testing.T) {
	const name = "merging-node"
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"ksm": "yes"}}}
	if err := cluster.Client.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	requests := &envtest.Requests{}
	own := newClient(t, component.HandlerAccount, name, requests)
	kernel := &fakeKernel{}
	var selector *metav1.LabelSelector
	h := &Heartbeat{
		Client: own, Live: own, Node: name, Clock: clock.RealClock{}, Log: testr.New(t), DevicesListed: make(chan struct{}),
		Labels: func() map[string]string {
			return map[string]string{v1.LabelKSMEnabled: strconv.FormatBool(kernel.merges)}
		},
		Merging: Merging{Nodes: func() *metav1.LabelSelector { return selector }, Kernel: kernel},
	}
	here := &metav1.LabelSelector{MatchLabels: map[string]string{"ksm": "yes"}}
	for _, step := range []struct {
		name     string
		selector *metav1.LabelSelector
		unable   bool
		merges   bool
		writes   int
	}{
		{name: "nothing is wanted", writes: 1},
		{name: "a kernel that cannot", selector: here, unable: true, writes: 1},
		{name: "wanted", selector: here, merges: true, writes: 3},
		{name: "still wanted", selector: here, merges: true, writes: 1},
		{name: "no longer wanted", writes: 3},
		{name: "still not", writes: 1},
	} {
		selector, kernel.unable = step.selector, step.unable
		if err := h.beat(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if err := cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
			t.Fatal(err)
		}
		marked := node.Annotations[v1.AnnotationKSMHandlerManaged] == "true"
		if kernel.merges != step.merges || marked != step.merges || node.Labels[v1.LabelKSMEnabled] != strconv.FormatBool(step.merges) {
			t.Errorf("%s: the kernel merges: %t, the node's labels %v, annotations %v", step.name, kernel.merges, node.Labels, node.Annotations)
		}
		if writes := requests.Take(); len(writes) != step.writes {
			t.Errorf("%s: writes %q, want %d", step.name, writes, step.writes)
		}
	}
}
