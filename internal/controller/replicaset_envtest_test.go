//go:build envtest

package controller

import (
	"context"
	"slices"
	"strings"
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
	// For each instance its creation and the word that it is ready; one for the set to begin with. How many writes
	// it takes an instance to start depends on how many of the steps of its pod are seen as one, and has a budget
	// of its own.
	writes := only(settled(requests), "POST /virtualmachineinstances", "PATCH /virtualmachineinstancereplicasets/")
	wantAtMost(t, "a replica set of three, until it is ready", writes, 3*2+1)

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

// only returns those of the writes that are of one of the kinds, each a method and a
// part of the path. What is written to the status of a machine is its controller's.
func only(writes []string, kinds ...string) []string {
	return slices.DeleteFunc(writes, func(line string) bool {
		return !slices.ContainsFunc(kinds, func(kind string) bool {
			method, part, _ := strings.Cut(kind, " ")
			return strings.HasPrefix(line, method+" ") && strings.Contains(line, part) &&
				(!strings.Contains(line, "/virtualmachines/") || !strings.Contains(line, "/status"))
		})
	})
}
