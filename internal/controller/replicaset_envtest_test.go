//go:build envtest

package controller

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

// A replica set follows what happens to its instances and to those that may become
// its own, through watches alone, and costs little over the instances.
func replicaSetBudget(t *testing.T, ctx context.Context, namespace string, requests *envtest.Requests) {
	set := builder.ReplicaSet(namespace, "set", 3, builder.Label("of", "set"))
	if err := cluster.Client.Create(ctx, set); err != nil {
		t.Fatal(err)
	}
	counts := func(replicas, ready int32) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(set), set)
			return err == nil && set.Status.Replicas == replicas && set.Status.ReadyReplicas == ready, err
		}
	}
	eventually(t, "ready", counts(3, 3))
	// For each instance its creation, its own six and the word that it is ready; one for the set to begin with.
	wantAtMost(t, "creating a replica set of three, until it is ready", settled(requests), 3*8+1)

	orphan := builder.VMI(namespace, "orphan", builder.Label("of", "set"))
	if err := cluster.Client.Create(ctx, orphan); err != nil {
		t.Fatal(err)
	}
	eventually(t, "adopted or removed as one too many", func(ctx context.Context) (bool, error) {
		list := &v1.VirtualMachineInstanceList{}
		err := cluster.Client.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"of": "set"})
		owned := 0
		for i := range list.Items {
			if metav1.IsControlledBy(&list.Items[i], set) {
				owned++
			}
		}
		return owned == 3 && len(list.Items) == 3, err
	})
	eventually(t, "as before", counts(3, 3))
	if err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(set), set); err != nil {
		t.Fatal(err)
	}
	*set.Spec.Replicas = 0
	if err := cluster.Client.Update(ctx, set); err != nil {
		t.Fatal(err)
	}
	eventually(t, "empty", counts(0, 0))
	list := &v1.VirtualMachineInstanceList{}
	eventually(t, "no instance left", func(ctx context.Context) (bool, error) {
		err := cluster.Client.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"of": "set"})
		return len(list.Items) == 0, err
	})
	settled(requests)
	if err := cluster.Client.Delete(ctx, set); err != nil {
		t.Fatal(err)
	}
	wantAtMost(t, "deleting an empty replica set", settled(requests), 0)
}
