//go:build envtest

package controller

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

// A pool brings its machines along through watches alone, restarts them one by one
// with a changed template, and costs little over the machines.
func poolBudget(t *testing.T, ctx context.Context, namespace string, requests *envtest.Requests) {
	pool := builder.Pool(namespace, "pool", 2, v1.RunStrategyAlways, builder.Label("of", "pool"))
	limit := intstr.FromInt32(1)
	pool.Spec.MaxUnavailable = &limit
	if err := cluster.Client.Create(ctx, pool); err != nil {
		t.Fatal(err)
	}
	counts := func(replicas, ready int32) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(pool), pool)
			return err == nil && pool.Status.Replicas == replicas && pool.Status.ReadyReplicas == ready, err
		}
	}
	eventually(t, "ready", counts(2, 2))
	// Counted is what the pool decides on. How many writes it takes a machine to start depends on how many of the
	// steps of its pod are seen as one, and has a budget of its own.
	pools, machine, instance := "/virtualmachinepools/", "/virtualmachines", "/virtualmachineinstances"
	// For each machine its creation and the word that it is ready; one for the pool to begin with.
	wantAtMost(t, "a pool of two, until it is ready", only(settled(requests), "POST "+machine, "PATCH "+pools), 2*2+1)

	pool.Spec.VirtualMachineTemplate.Spec.Template.Spec.Domain.CPU = &v1.CPU{Cores: 2}
	if err := cluster.Client.Update(ctx, pool); err != nil {
		t.Fatal(err)
	}
	eventually(t, "restarted with the new template", func(ctx context.Context) (bool, error) {
		list := &v1.VirtualMachineInstanceList{}
		err := cluster.Client.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"of": "pool"})
		ready := 0
		for i := range list.Items {
			if vmi := &list.Items[i]; vmi.Spec.Domain.CPU.Cores == 2 && vmi.IsConditionTrue(v1.ConditionReady) {
				ready++
			}
		}
		return ready == 2, err
	})
	eventually(t, "as before", counts(2, 2))
	eventually(t, "only the current revision is kept", func(ctx context.Context) (bool, error) {
		list := &appsv1.ControllerRevisionList{}
		err := cluster.Client.List(ctx, list, client.InNamespace(namespace), client.HasLabels{v1.LabelPoolRevisionName})
		return len(list.Items) == 1, err
	})
	// The end of the old revision; for each machine its change, the end of its instance and two words of the pool.
	// The new revision is made beside two of the machines' own.
	writes := only(settled(requests), "PATCH "+machine, "DELETE "+instance, "PATCH "+pools,
		"POST /controllerrevisions", "DELETE /controllerrevisions/pool-")
	wantAtMost(t, "updating a pool of two, one by one", writes, 1+2*4+3)

	*pool.Spec.Replicas = 0
	if err := cluster.Client.Update(ctx, pool); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no machine left", func(ctx context.Context) (bool, error) {
		list := &v1.VirtualMachineList{}
		err := cluster.Client.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"of": "pool"})
		return len(list.Items) == 0, err
	})
	eventually(t, "empty", counts(0, 0))
	settled(requests)
	if err := cluster.Client.Delete(ctx, pool); err != nil {
		t.Fatal(err)
	}
	wantAtMost(t, "deleting an empty pool", settled(requests), 0)
}
