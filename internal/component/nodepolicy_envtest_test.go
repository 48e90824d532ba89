//go:build envtest

package component_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

func TestHandlerIsConfinedToItsNode(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"own", "other"} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{"theirs": "1"}, Annotations: map[string]string{"theirs": "1"},
		}}
		if err := cluster.Client.Create(ctx, node); err != nil {
			t.Fatal(err)
		}
	}
	as := func(account, node string) client.Client {
		c, err := client.New(cluster.As(account, node, nil), client.Options{Scheme: cluster.Scheme})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	patch := func(c client.Client, node, change string) error {
		object := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}
		return c.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(change)))
	}
	handler := as(component.HandlerAccount, "own")
	// The API server takes up a policy a moment after it is created.
	for end := time.Now().Add(30 * time.Second); patch(handler, "other", `{"metadata":{"labels":{"probe.kubevirt.io/x":"1"}}}`) == nil; {
		if time.Now().After(end) {
			t.Fatal("the policy is not in effect")
		}
		time.Sleep(50 * time.Millisecond)
	}
	for name, test := range map[string]struct {
		client       client.Client
		node, change string
		// refused is a part of the message, empty for what is allowed.
		refused string
	}{
		"own label":            {handler, "own", `{"metadata":{"labels":{"kubevirt.io/schedulable":"true","cpu-model.node.kubevirt.io/Penryn":"true","cpumanager":"false"}}}`, ""},
		"own annotation":       {handler, "own", `{"metadata":{"annotations":{"kubevirt.io/heartbeat":"now"}}}`, ""},
		"removing an own one":  {handler, "own", `{"metadata":{"labels":{"kubevirt.io/schedulable":null}}}`, ""},
		"another node":         {handler, "other", `{"metadata":{"labels":{"kubevirt.io/schedulable":"true"}}}`, "the node it runs on"},
		"another's label":      {handler, "own", `{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}`, "only set kubevirt.io labels"},
		"a similar label":      {handler, "own", `{"metadata":{"labels":{"notkubevirt.io/x":""}}}`, "only set kubevirt.io labels"},
		"a taken-over label":   {handler, "own", `{"metadata":{"labels":{"theirs":"2"}}}`, "kubevirt.io labels"},
		"removing a label":     {handler, "own", `{"metadata":{"labels":{"theirs":null}}}`, "only remove kubevirt.io labels"},
		"another's annotation": {handler, "own", `{"metadata":{"annotations":{"theirs":"2"}}}`, "kubevirt.io annotations"},
		"removing annotations": {handler, "own", `{"metadata":{"annotations":{"theirs":null}}}`, "only remove kubevirt.io annotations"},
		"a taint":              {handler, "own", `{"spec":{"taints":[{"key":"x","effect":"NoExecute"}]}}`, "the spec of a node"},
		"a finalizer":          {handler, "own", `{"metadata":{"finalizers":["kubevirt.io/x"]}}`, "finalizers"},
		"a token of no node":   {as(component.HandlerAccount, ""), "own", `{"metadata":{"labels":{"kubevirt.io/schedulable":"true"}}}`, "the node it runs on"},
		"the administrator":    {cluster.Client, "own", `{"metadata":{"labels":{"theirs":"3"}}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := patch(test.client, test.node, test.change)
			if test.refused == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if test.refused != "" && (!apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("got %v, want a refusal with a word on %q", err, test.refused)
			}
		})
	}
	node := &corev1.Node{}
	if err := cluster.Client.Get(ctx, client.ObjectKey{Name: "own"}, node); err != nil {
		t.Fatal(err)
	}
	if node.Labels[v1.LabelCPUModelPrefix+"Penryn"] != "true" {
		t.Errorf("labels %v", node.Labels)
	}
}
