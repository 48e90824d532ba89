package vmi

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// scope is everything one reconcile has read and found out. Nothing in it
// survives the reconcile.
type scope struct {
	vmi *v1.VirtualMachineInstance
	now time.Time
	// pods are all launcher pods of the instance, ended ones included.
	pods []corev1.Pod
	// pod is the one in which the guest runs or is to run, nil without one.
	pod *corev1.Pod
	// consumer is the pod that only has claims provisioned, nil without one.
	consumer *corev1.Pod
	// claims are those behind the instance's volumes, while they matter.
	claims []claim
	// networkMissing tells that a network has no definition, or no claim of a device;
	// networkDevices are the resources that a pod takes for its networks.
	networkMissing bool
	networkDevices []string
	// provisioningFailed tells that a claim will never be filled.
	provisioningFailed bool
	// nodeSilent tells that the node agent of the instance's node has not been heard of for too long.
	nodeSilent bool
	// failure is why a step could not do its work; nil when all did.
	failure *failure
}

// failure becomes the condition Synchronized=False.
type failure struct {
	reason, message string
}

// first is the pod that the instance waits for: the guest's, and before that the
// one that has claims provisioned; nil without either.
func (s *scope) first() *corev1.Pod {
	if s.pod != nil {
		return s.pod
	}
	return s.consumer
}

func (s *scope) key() client.ObjectKey { return client.ObjectKeyFromObject(s.vmi) }

// read fills the scope. Where the cache shows no pod although there must have
// been one, the API server is asked: a pod that is gone ends the instance, and a
// cache that lags behind must not.
func (r *Reconciler) read(ctx context.Context, vmi *v1.VirtualMachineInstance) (*scope, error) {
	s := &scope{vmi: vmi, now: r.Clock.Now()}
	pods := &corev1.PodList{}
	err := r.List(ctx, pods, client.InNamespace(vmi.Namespace), client.MatchingFields{IndexPodVMI: string(vmi.UID)})
	if err != nil {
		return nil, fmt.Errorf("listing the launcher pods: %w", err)
	}
	s.setPods(pods.Items)
	if s.pod != nil {
		r.reserved.drop(s.key())
	}
	r.forgetGone(s)
	if vmi.Status.NodeName != "" {
		node := &corev1.Node{}
		err := r.Get(ctx, client.ObjectKey{Name: vmi.Status.NodeName}, node)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading node %s: %w", vmi.Status.NodeName, err)
		}
		s.nodeSilent = err == nil && r.NodeSilent(node, s.now)
	}
	if vmi.IsFinal() || !podDown(s) || vmi.IsUnprocessed() && vmi.DeletionTimestamp.IsZero() {
		return s, nil
	}
	return s, r.readLive(ctx, s)
}

// readLive reads instance and pods past the cache.
func (r *Reconciler) readLive(ctx context.Context, s *scope) error {
	pods := &corev1.PodList{}
	err := r.Live.List(ctx, pods, client.InNamespace(s.vmi.Namespace), client.MatchingLabels{
		v1.LabelComponent: v1.LauncherPod, v1.LabelCreatedBy: string(s.vmi.UID),
	})
	if err != nil {
		return fmt.Errorf("listing the launcher pods live: %w", err)
	}
	s.setPods(pods.Items)
	live := &v1.VirtualMachineInstance{}
	err = r.Live.Get(ctx, client.ObjectKeyFromObject(s.vmi), live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the instance live: %w", err)
	}
	if err == nil && live.UID == s.vmi.UID {
		s.vmi = live
	}
	return nil
}

// setPods keeps the pods that are really the instance's and chooses its main one:
// the one on its node, else the newest that has not ended, else the newest.
func (s *scope) setPods(pods []corev1.Pod) {
	s.pods, s.pod, s.consumer = nil, nil, nil
	for _, pod := range pods {
		if metav1.IsControlledBy(&pod, s.vmi) {
			s.pods = append(s.pods, pod)
		}
	}
	for i := range s.pods {
		if s.pods[i].Name == launcherpod.ConsumerName(s.vmi) {
			s.consumer = &s.pods[i]
			continue
		}
		if s.pod == nil || s.better(&s.pods[i], s.pod) {
			s.pod = &s.pods[i]
		}
	}
}

func (s *scope) better(a, b *corev1.Pod) bool {
	node := s.vmi.Status.NodeName
	if onA, onB := node != "" && a.Spec.NodeName == node, node != "" && b.Spec.NodeName == node; onA != onB {
		return onA
	}
	if ended(a) != ended(b) {
		return !ended(a)
	}
	return b.CreationTimestamp.Before(&a.CreationTimestamp)
}

// ended reports whether no container of the pod will ever run again.
func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
