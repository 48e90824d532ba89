//go:build envtest

package controller

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/test/envtest"
)

const testNode = "node01"

// fakeNode plays the scheduler, the kubelet and virt-handler for the launcher pods
// of one namespace, each answering what it sees at once.
type fakeNode struct {
	t       *testing.T
	admin   client.WithWatch
	handler client.Client
}

func startNode(ctx context.Context, t *testing.T, namespace string, requests *envtest.Requests) {
	t.Helper()
	n := &fakeNode{t: t}
	var err error
	if n.admin, err = client.NewWithWatch(cluster.Config, client.Options{Scheme: cluster.Scheme}); err != nil {
		t.Fatal(err)
	}
	if n.handler, err = client.New(cluster.As(component.HandlerAccount, testNode, requests), client.Options{Scheme: cluster.Scheme}); err != nil {
		t.Fatal(err)
	}
	pods, err := n.admin.Watch(ctx, &corev1.PodList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	instances, err := n.admin.Watch(ctx, &v1.VirtualMachineInstanceList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for e := range pods.ResultChan() {
			if pod, ok := e.Object.(*corev1.Pod); ok && e.Type != watch.Deleted {
				n.onPod(ctx, pod)
			}
		}
	}()
	go func() {
		for e := range instances.ResultChan() {
			if vmi, ok := e.Object.(*v1.VirtualMachineInstance); ok && vmi.Status.Phase == v1.VMIPhaseScheduled {
				n.report(ctx, vmi, v1.VMIPhaseRunning)
			}
		}
	}()
}

func (n *fakeNode) onPod(ctx context.Context, pod *corev1.Pod) {
	switch {
	case !pod.DeletionTimestamp.IsZero():
		n.end(ctx, pod)
	case pod.Spec.NodeName == "":
		cluster.Bind(n.t, pod, testNode)
	case pod.Status.Phase == corev1.PodPending:
		cluster.SetPod(n.t, pod, envtest.Running)
	case has(pod, v1.ConditionVirtualMachineUnpaused) && !has(pod, corev1.PodReady):
		cluster.SetPod(n.t, pod, func(status *corev1.PodStatus) {
			envtest.SetPodCondition(status, corev1.PodReady, corev1.ConditionTrue, "")
		})
	}
}

// end lets virt-handler report the end of the guest before the pod goes.
func (n *fakeNode) end(ctx context.Context, pod *corev1.Pod) {
	vmi := &v1.VirtualMachineInstance{}
	key := client.ObjectKey{Namespace: pod.Namespace, Name: pod.Annotations[v1.AnnotationDomain]}
	if err := n.admin.Get(ctx, key, vmi); err != nil {
		// A late event about a pod that has ended already tells nothing; the instance goes after its pod.
		if !apierrors.IsNotFound(err) || !apierrors.IsNotFound(n.admin.Get(ctx, client.ObjectKeyFromObject(pod), pod)) {
			n.t.Errorf("reading the instance of pod %s: %v", pod.Name, err)
		}
		return
	}
	// One that was not handed over is none of virt-handler's business.
	if !vmi.IsFinal() && vmi.Status.NodeName != "" {
		n.report(ctx, vmi, v1.VMIPhaseSucceeded)
	}
	cluster.RemovePod(n.t, pod)
}

func (n *fakeNode) report(ctx context.Context, vmi *v1.VirtualMachineInstance, phase v1.VirtualMachineInstancePhase) {
	p := patch.NewInstance(n.handler, n.admin, patch.Handler, vmi)
	// The guest's end may be reported while its start still is.
	enter := func(vmi *v1.VirtualMachineInstance) error {
		if vmi.IsFinal() {
			return nil
		}
		vmi.Status.Phase = phase
		vmi.Status.PhaseTransitionTimestamps = append(vmi.Status.PhaseTransitionTimestamps,
			v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase, PhaseTransitionTimestamp: metav1.Now()})
		return nil
	}
	_ = enter(vmi)
	if err := p.Finish(ctx, vmi, enter); err != nil && ctx.Err() == nil {
		n.t.Errorf("writing as virt-handler: %v", err)
	}
}

func has(pod *corev1.Pod, t corev1.PodConditionType) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == t {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
