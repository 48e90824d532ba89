//go:build envtest

package webhook_test

import (
	"context"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/test/builder"
)

func TestNobodyForgesStatus(t *testing.T) {
	namespace := cluster.NewNamespace(t)
	eve := editor(t, namespace)
	vmi := builder.VMI(namespace, "vmi")
	vmi.Status.Phase, vmi.Status.NodeName = v1.VMIPhaseRunning, "node01"
	create(t, eve, vmi)
	if live(t, vmi); vmi.Status.Phase != v1.VMIPhasePending || vmi.Status.NodeName != "" {
		t.Errorf("created with the status %+v", vmi.Status)
	}
	if err := merge(eve, vmi, `{"status":{"phase":"Running","nodeName":"node01"},"metadata":{"labels":{"a":"b"}}}`); err != nil {
		t.Error(err)
	}
	if live(t, vmi); vmi.Status.Phase != v1.VMIPhasePending || vmi.Status.NodeName != "" || vmi.Labels["a"] != "b" {
		t.Errorf("status %+v, labels %v", vmi.Status, vmi.Labels)
	}
	want(t, "a label of ours", merge(eve, vmi, `{"metadata":{"labels":{"kubevirt.io/nodeName":"node01"}}}`), "metadata.labels[kubevirt.io/nodeName]")

	vm := builder.VM(namespace, "vm", v1.RunStrategyHalted)
	vm.Status.Created, vm.Status.Ready = true, true
	create(t, eve, vm)
	set := builder.ReplicaSet(namespace, "set", 0, builder.Label("a", "b"))
	set.Status.ReadyReplicas = 7
	create(t, eve, set)
	want(t, "a machine's status beside its spec", merge(eve, vm, `{"status":{"ready":true}}`), "")
	want(t, "a set's status beside its spec", merge(eve, set, `{"status":{"readyReplicas":7}}`), "")
	if live(t, vm); vm.Status.Created || vm.Status.Ready {
		t.Errorf("machine's status %+v", vm.Status)
	}
	if live(t, set); set.Status.ReadyReplicas != 0 {
		t.Errorf("set's status %+v", set.Status)
	}
	for _, object := range []client.Object{vm, set} {
		err := eve.Status().Update(context.Background(), object)
		if !apierrors.IsForbidden(err) {
			t.Errorf("the status of %T by its subresource: %v", object, err)
		}
	}
	forged := builder.VM(namespace, "forged", v1.RunStrategyHalted, builder.Label(v1.LabelMigrationTargetNodeName, "node02"))
	want(t, "a label of ours by way of a machine", eve.Create(context.Background(), forged),
		"spec.template.metadata.labels[kubevirt.io/migrationTargetNodeName]")
}

func TestNobodyMovesFinalizers(t *testing.T) {
	ctx := context.Background()
	namespace := cluster.NewNamespace(t)
	eve := editor(t, namespace)
	const none = `{"metadata":{"finalizers":null}}`
	for _, c := range []struct {
		object    client.Object
		finalizer string
		right     string
	}{
		{builder.VMI(namespace, "vmi"), v1.FinalizerVMI, "virtualmachineinstances/finalizers"},
		{builder.VM(namespace, "vm", v1.RunStrategyHalted), v1.FinalizerVM, "virtualmachines/finalizers"},
	} {
		create(t, eve, c.object)
		held := func(what string) {
			t.Helper()
			if live(t, c.object); !slices.Contains(c.object.GetFinalizers(), c.finalizer) {
				t.Fatalf("%T, %s: finalizers %v", c.object, what, c.object.GetFinalizers())
			}
		}
		held("new")
		// As kubectl replace does with a file: what it says nothing of stays.
		want(t, "replaced", merge(eve, c.object, none), "")
		held("replaced")
		want(t, "another's finalizer", merge(eve, c.object, `{"metadata":{"finalizers":["example.com/mine","`+c.finalizer+`"]}}`), "")
		if err := eve.Delete(ctx, c.object, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
			t.Fatal(err)
		}
		held("deleted")
		want(t, "forced", merge(eve, c.object, none), "only who may update "+c.right+" can force it")
		want(t, "the others' finalizers", merge(eve, c.object, `{"metadata":{"finalizers":["`+c.finalizer+`"]}}`), "")
		held("being deleted")
		want(t, "forced by the administrator", merge(cluster.Client, c.object, none), "")
		if err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(c.object), c.object); !apierrors.IsNotFound(err) {
			t.Errorf("%T is still there: %v", c.object, err)
		}
	}
}

// TestTwoNodes has the virt-handlers of two nodes write the instance of one.
func TestTwoNodes(t *testing.T) {
	namespace := cluster.NewNamespace(t)
	vmi := builder.VMI(namespace, "vmi")
	create(t, cluster.Client, vmi)
	hand(t, vmi, "node-a")
	own, other, unbound := handler(t, "node-a"), handler(t, "node-b"), handler(t, "")
	const runs = `{"status":{"phase":"Running"}}`
	want(t, "another's instance", merge(other, vmi, runs), "may not write an instance on node")
	want(t, "with a token of no node", merge(unbound, vmi, runs), "names no node")
	for change, refused := range map[string]string{
		`{"spec":{"hostname":"x"}}`:                                                                "spec",
		`{"metadata":{"labels":{"app":"x"}}}`:                                                      "label",
		`{"metadata":{"labels":{"kubevirt.io/nodeName":"node-b"}}}`:                                "kubevirt.io/nodeName",
		`{"metadata":{"annotations":{"a":"b"}}}`:                                                   "annotations",
		`{"metadata":{"finalizers":null}}`:                                                         "finalizers",
		`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"1"}]}}`: "owner references",
		`{"status":{"nodeName":"node-b"}}`:                                                         "status.nodeName",
		`{"status":{"migrationState":{"targetNode":"node-b"}}}`:                                    "targetNode",
		`{"status":{"evacuationNodeName":"node-a"}}`:                                               "evacuationNodeName",
		`{"status":{"activePods":{"uid":"node-a"}}}`:                                               "activePods",
	} {
		want(t, change, merge(own, vmi, change), refused)
	}
	want(t, "its own instance", merge(own, vmi, runs), "")
	if live(t, vmi); vmi.Status.Phase != v1.VMIPhaseRunning {
		t.Errorf("phase %s", vmi.Status.Phase)
	}
	controller := clientFor(t, cluster.As(component.ControllerAccount, "", nil))
	want(t, "the controller plans a migration", merge(controller, vmi, `{"status":{"migrationState":{"targetNode":"node-b"}}}`), "")
	want(t, "the target takes over", merge(other, vmi, `{"status":{"nodeName":"node-b"},"metadata":{"labels":{"kubevirt.io/nodeName":"node-b"}}}`), "")
	want(t, "the source is late", merge(own, vmi, `{"status":{"phase":"Failed"}}`), "may not write an instance on node")
}
