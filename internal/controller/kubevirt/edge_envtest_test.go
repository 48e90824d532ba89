//go:build envtest

package kubevirt

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// testEdge takes an installation to the edge profile and back.
func testEdge(s *suite, kv *v1.KubeVirt) {
	t, id, uids := s.T, kv.Status.ObservedDeploymentID, s.uids()
	s.events.Take()

	s.setProfile(kv, v1.ProfileEdge)
	s.toEdge(kv)
	if got := s.operator(); *got.Spec.Replicas != 1 || got.Annotations[v1.AnnotationEdgeScaled] == "" {
		t.Errorf("the operator has %d replicas, annotations %v", *got.Spec.Replicas, got.Annotations)
	}
	s.finished(kv, id, uids)
	for _, g := range kv.Status.Generations {
		if g.Name == component.Controller {
			t.Errorf("the status still lists %s %s", g.Resource, g.Name)
		}
	}

	s.setProfile(kv, "")
	s.fromEdge(kv)
	if got := s.operator(); *got.Spec.Replicas != 2 || got.Annotations[v1.AnnotationEdgeScaled] != "" {
		t.Errorf("the operator has %d replicas, annotations %v", *got.Spec.Replicas, got.Annotations)
	}
	s.finished(kv, id, uids)
	for _, e := range s.events.Take() {
		t.Errorf("event %+v", e)
	}
}

// toEdge: the one program serves before the two go, and nobody's rights go before it does.
func (s *suite) toEdge(kv *v1.KubeVirt) {
	s.Helper()
	old := s.podOf(component.ControllerAccount)
	s.untilServing(kv, "virt-api is virt-controller as well", s.merged)
	s.stays(kv, "while the new pods do not serve",
		have{&appsv1.Deployment{}, component.Controller}, have{&policyv1.PodDisruptionBudget{}, component.Controller + "-pdb"},
		have{&corev1.ServiceAccount{}, component.APIAccount}, have{&rbacv1.RoleBinding{}, component.APIAccount})
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionTrue, v1.ReasonDeploymentInProgress)
	s.expectCondition(kv, v1.ConditionProgressing, corev1.ConditionTrue, v1.ReasonDeploymentInProgress)

	s.untilServing(kv, "virt-controller's Deployment is gone", func() bool {
		s.kubelets()
		return !s.exists(&appsv1.Deployment{}, component.Controller)
	})
	s.stays(kv, "while a pod of virt-controller is there",
		have{&corev1.ServiceAccount{}, component.ControllerAccount}, have{&rbacv1.RoleBinding{}, component.ControllerAccount})
	s.must(admin.Delete(s.ctx, old, client.GracePeriodSeconds(0)), "ending a pod")
	s.untilServing(kv, "the former accounts are gone", func() bool {
		return !s.exists(&corev1.ServiceAccount{}, component.ControllerAccount) && !s.exists(&corev1.ServiceAccount{}, component.APIAccount)
	})
	for _, gone := range []have{
		{&policyv1.PodDisruptionBudget{}, component.Controller + "-pdb"}, {&rbacv1.RoleBinding{}, component.ControllerAccount},
		{&rbacv1.ClusterRoleBinding{}, component.APIAccount},
	} {
		if s.exists(gone.object, gone.name) {
			s.Errorf("%T %s is left", gone.object, gone.name)
		}
	}
	if !s.exists(&rbacv1.Role{}, component.ControllerAccount) || !s.exists(&rbacv1.ClusterRole{}, component.APIAccount) {
		s.Error("the roles are gone")
	}
}

// fromEdge: virt-controller is there before virt-api no longer does its work.
func (s *suite) fromEdge(kv *v1.KubeVirt) {
	s.Helper()
	old := s.podOf(component.ControlPlaneAccount)
	s.untilServing(kv, "virt-controller's Deployment is back", func() bool { return s.exists(&appsv1.Deployment{}, component.Controller) })
	s.stays(kv, "while virt-controller does not serve", have{&corev1.ServiceAccount{}, component.ControlPlaneAccount})
	if !s.merged() {
		s.Error("virt-api is replaced before virt-controller serves")
	}
	s.untilServing(kv, "virt-api is virt-api", func() bool { s.kubelets(); return !s.merged() })
	s.untilServing(kv, "its pods are ready", func() bool {
		s.kubelets()
		return s.exists(&policyv1.PodDisruptionBudget{}, component.Controller+"-pdb")
	})
	s.stays(kv, "while a pod of the control plane is there", have{&rbacv1.RoleBinding{}, component.ControlPlaneAccount + "-controller"})
	s.must(admin.Delete(s.ctx, old, client.GracePeriodSeconds(0)), "ending a pod")
	s.untilServing(kv, "the control plane's account is gone", func() bool {
		s.kubelets()
		return !s.exists(&corev1.ServiceAccount{}, component.ControlPlaneAccount)
	})
}

// finished: the switch is over, costs nothing more and was no update.
func (s *suite) finished(kv *v1.KubeVirt, id string, uids map[types.UID]bool) {
	s.Helper()
	s.settle(kv)
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionTrue, v1.ReasonAllComponentsReady)
	s.expectCondition(kv, v1.ConditionProgressing, corev1.ConditionFalse, v1.ReasonAllComponentsReady)
	if kv.Status.ObservedDeploymentID != id || kv.Status.TargetDeploymentID != id {
		s.Errorf("deployment %s, target %s; want %s", kv.Status.ObservedDeploymentID, kv.Status.TargetDeploymentID, id)
	}
	if kept := s.kept(uids); kept != len(nodes) {
		s.Errorf("%d pods of virt-handler are what they were, want all", kept)
	}
	testIdle(s, kv)
}

func (s *suite) setProfile(kv *v1.KubeVirt, name string) {
	s.Helper()
	value := "null"
	if name != "" {
		value = fmt.Sprintf("%q", name)
	}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, v1.AnnotationProfile, value)
	s.must(admin.Patch(s.ctx, kv, client.RawPatch("application/merge-patch+json", []byte(patch))), "setting the profile")
}

// have is an object that is there.
type have struct {
	object client.Object
	name   string
}

// stays reconciles a few times, after which objects have to be there.
func (s *suite) stays(kv *v1.KubeVirt, when string, objects ...have) {
	s.Helper()
	for range 5 {
		s.reconcile(kv)
	}
	for _, o := range objects {
		if !s.exists(o.object, o.name) || o.object.GetDeletionTimestamp() != nil {
			s.Errorf("%T %s is gone %s", o.object, o.name, when)
		}
	}
}

// untilServing reconciles until something holds; all the time the installation is to be available.
func (s *suite) untilServing(kv *v1.KubeVirt, what string, holds func() bool) {
	s.Helper()
	s.until(kv, what, func() bool {
		if !v1.IsConditionTrue(kv.Status.Conditions, v1.ConditionAvailable) {
			s.Fatalf("not available before %s: %+v", what, kv.Status.Conditions)
		}
		return holds()
	})
}

func (s *suite) merged() bool {
	d := &appsv1.Deployment{}
	return s.exists(d, component.API) && component.IsControlPlane(&d.Spec.Template.Spec)
}

func (s *suite) operator() *appsv1.Deployment {
	s.Helper()
	d := &appsv1.Deployment{}
	s.exists(d, component.Operator)
	return d
}

// podOf makes a pod as the Deployment controller would.
func (s *suite) podOf(account string) *corev1.Pod {
	s.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account}}
	pod.Spec = corev1.PodSpec{ServiceAccountName: account, NodeName: nodes[0], Containers: []corev1.Container{{Name: "it", Image: "it"}}}
	s.must(admin.Create(s.ctx, pod), "creating a pod")
	return pod
}
