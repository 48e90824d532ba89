//go:build envtest

package webhook_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// guest makes an instance on node01 and a pod of it.
func guest(t *testing.T, namespace, pod string, strategy v1.EvictionStrategy) (*v1.VirtualMachineInstance, *corev1.Pod) {
	t.Helper()
	vmi := builder.VMI(namespace, "of-"+pod)
	vmi.Spec.EvictionStrategy = &strategy
	create(t, cluster.Client, vmi)
	hand(t, vmi, "node01")
	launcher := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: pod, Labels: map[string]string{v1.LabelCreatedBy: string(vmi.UID)},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vmi, v1.VirtualMachineInstanceGroupVersionKind)}},
		Spec: corev1.PodSpec{NodeName: "node01", Containers: []corev1.Container{{Name: "compute", Image: "i"}}},
	}
	create(t, cluster.Client, launcher)
	return vmi, launcher
}

func evict(pod *corev1.Pod, eviction *policyv1.Eviction) error {
	return cluster.Client.SubResource("eviction").Create(context.Background(), pod, eviction)
}

func TestEviction(t *testing.T) {
	ctx := context.Background()
	namespace := cluster.NewNamespace(t)
	stays := func(what string, pod *corev1.Pod, eviction *policyv1.Eviction, message string) {
		t.Helper()
		err := evict(pod, eviction)
		if want(t, what, err, message); !apierrors.IsTooManyRequests(err) {
			t.Errorf("%s: %v, want 429", what, err)
		}
		if live(t, pod); !pod.DeletionTimestamp.IsZero() {
			t.Errorf("%s: the pod goes", what)
		}
	}
	goes := func(what string, pod *corev1.Pod) {
		t.Helper()
		want(t, what, evict(pod, &policyv1.Eviction{}), "")
		err := cluster.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)
		if client.IgnoreNotFound(err) != nil || err == nil && pod.DeletionTimestamp.IsZero() {
			t.Errorf("%s: the pod stays: %v", what, err)
		}
	}

	_, pod := guest(t, namespace, "virt-launcher-none", v1.EvictionStrategyNone)
	goes("None", pod)

	vmi, pod := guest(t, namespace, "virt-launcher-live", v1.EvictionStrategyLiveMigrate)
	stays("LiveMigrate", pod, &policyv1.Eviction{}, "cannot be live-migrated")
	if live(t, vmi); vmi.Status.EvacuationNodeName != "" {
		t.Error("marked, though it cannot move")
	}

	vmi, pod = guest(t, namespace, "virt-launcher-external", v1.EvictionStrategyExternal)
	stays("a trial", pod, &policyv1.Eviction{DeleteOptions: &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}}, "is marked")
	if live(t, vmi); vmi.Status.EvacuationNodeName != "" {
		t.Error("marked by a trial")
	}
	stays("External", pod, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{
		Annotations: map[string]string{"requested-by": "sigs.k8s.io/descheduler"},
	}}, "is marked")
	live(t, vmi)
	if vmi.Status.EvacuationNodeName != "node01" || vmi.Annotations[v1.AnnotationEvictionSource] != "descheduler" ||
		!vmi.IsConditionTrue(v1.ConditionEvictionRequested) {
		t.Errorf("status %+v, annotations %v", vmi.Status, vmi.Annotations)
	}
	version := vmi.ResourceVersion
	stays("External, again", pod, &policyv1.Eviction{}, "is marked")
	if live(t, vmi); vmi.ResourceVersion != version {
		t.Error("marked a second time")
	}

	_, pod = guest(t, namespace, "virt-launcher-not", v1.EvictionStrategyExternal)
	want(t, "no label", merge(cluster.Client, pod, `{"metadata":{"labels":null}}`), "")
	goes("a pod that only says that it is a launcher", pod)

	// Nobody asks about a pod of another name, whatever it claims to be.
	_, pod = guest(t, namespace, "web", v1.EvictionStrategyExternal)
	goes("another pod", pod)
}
