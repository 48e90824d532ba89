//go:build envtest

package node

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

func TestReconcile(t *testing.T) {
	now := time.Now()
	cases := map[string]struct {
		age       time.Duration
		label     string
		wantLabel string
		wantWait  bool
		events    int
		writes    int
	}{
		"fresh":                  {age: time.Minute, label: "true", wantLabel: "true", wantWait: true},
		"silent":                 {age: silence + time.Second, label: "true", wantLabel: "false", events: 1, writes: 1},
		"silent, marked before":  {age: time.Hour, label: "false", wantLabel: "false"},
		"never reported":         {label: "true", wantLabel: "true"},
		"fresh, not schedulable": {age: time.Minute, label: "false", wantLabel: "false"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "node-", Labels: map[string]string{v1.LabelSchedulable: c.label}}}
			if c.age > 0 {
				node.Annotations = map[string]string{v1.AnnotationHeartbeat: now.Add(-c.age).UTC().Format(time.RFC3339)}
			}
			if err := cluster.Client.Create(ctx, node); err != nil {
				t.Fatal(err)
			}
			requests, events := &envtest.Requests{}, &event.Memory{}
			own, err := client.New(cluster.As(component.ControllerAccount, "", requests), client.Options{Scheme: cluster.Scheme})
			if err != nil {
				t.Fatal(err)
			}
			r := &Reconciler{Client: own, Events: events, Clock: clocktesting.NewFakePassiveClock(now)}
			result, err := r.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(node)})
			if err != nil {
				t.Fatal(err)
			}
			if err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(node), node); err != nil {
				t.Fatal(err)
			}
			if got := node.Labels[v1.LabelSchedulable]; got != c.wantLabel {
				t.Errorf("schedulable %q, want %q", got, c.wantLabel)
			}
			if n := len(events.Take()); n != c.events {
				t.Errorf("%d events, want %d", n, c.events)
			}
			if n := len(requests.Take()); n != c.writes {
				t.Errorf("%d writes, want %d", n, c.writes)
			}
			if wait := result.RequeueAfter; (wait > 0) != c.wantWait || wait > silence {
				t.Errorf("looks again after %s", wait)
			}
		})
	}
}

// An agent that reports while it is being given up is not marked.
func TestReportsAtTheLastMoment(t *testing.T) {
	ctx := context.Background()
	old := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "node-", Labels: map[string]string{v1.LabelSchedulable: "true"},
		Annotations: map[string]string{v1.AnnotationHeartbeat: old},
	}}
	if err := cluster.Client.Create(ctx, node); err != nil {
		t.Fatal(err)
	}
	stale := node.DeepCopy()
	node.Annotations[v1.AnnotationHeartbeat] = time.Now().UTC().Format(time.RFC3339)
	if err := cluster.Client.Update(ctx, node); err != nil {
		t.Fatal(err)
	}
	r := &Reconciler{Client: cluster.Client}
	if err := r.mark(ctx, stale); err == nil {
		t.Error("the node was marked in spite of the new heartbeat")
	}
}
