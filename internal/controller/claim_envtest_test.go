//go:build envtest

package controller

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

// Of instances that are made at once and write to one claim, one runs at a time; the
// end of each brings the next, and nothing else does.
func claimInTurn(t *testing.T, ctx context.Context, namespace string, _ *envtest.Requests) {
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	if err := cluster.Client.Create(ctx, claim); err != nil {
		t.Fatal(err)
	}
	waiting := map[string]bool{"turn-a": true, "turn-b": true, "turn-c": true}
	for name := range waiting {
		if err := cluster.Client.Create(ctx, builder.VMI(namespace, name, builder.Claim("data", "data"))); err != nil {
			t.Fatal(err)
		}
	}
	for len(waiting) > 0 {
		running := &v1.VirtualMachineInstance{}
		eventually(t, "one ready, the others told that they wait", func(ctx context.Context) (bool, error) {
			told, ready := 0, 0
			for name := range waiting {
				vmi := &v1.VirtualMachineInstance{}
				if err := cluster.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, vmi); err != nil {
					return false, err
				}
				switch c := vmi.Condition(v1.ConditionSynchronized); {
				case vmi.IsConditionTrue(v1.ConditionReady):
					running, ready = vmi, ready+1
				case c != nil && c.Reason == v1.ReasonClaimInUse:
					told++
				}
			}
			if ready > 1 {
				t.Fatalf("%d instances write to the claim", ready)
			}
			return ready == 1 && told == len(waiting)-1, nil
		})
		delete(waiting, running.Name)
		if err := cluster.Client.Delete(ctx, running); err != nil {
			t.Fatal(err)
		}
		eventually(t, "gone", goneIs(client.ObjectKeyFromObject(running), &v1.VirtualMachineInstance{}))
	}
}
