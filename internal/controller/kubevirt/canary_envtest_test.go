//go:build envtest

package kubevirt

import (
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// testCanary updates to an image whose virt-handler keeps ending, goes back, tries
// again and goes on to one that works.
func testCanary(s *suite, kv *v1.KubeVirt) {
	t, former := s.T, s.r.Environment.Image
	for _, name := range nodes {
		s.node(name)
	}
	before, uids := kv.Status.ObservedDeploymentID, s.uids()
	s.halt(kv)
	s.clock.SetTime(s.clock.Now().Add(time.Minute))
	for range 5 {
		s.withCrashes(kv)
	}
	if got := s.writes.take(); len(got) > 0 {
		t.Errorf("written while halted: %v", got)
	}
	if kept := s.kept(uids); kept != len(nodes)-1 {
		t.Errorf("%d of the former pods are there, want all but one", kept)
	}
	for _, name := range []string{component.API, component.Controller} {
		d := &appsv1.Deployment{}
		if s.exists(d, name); d.Spec.Template.Spec.Containers[0].Image != former {
			t.Errorf("%s is updated beyond the halt", name)
		}
	}
	if kv.Status.ObservedDeploymentID != before || kv.Status.TargetDeploymentID == before || !Updating(kv) {
		t.Errorf("observed %s, target %s", kv.Status.ObservedDeploymentID, kv.Status.TargetDeploymentID)
	}
	s.must(admin.Delete(s.ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: component.API}}), "deleting virt-api")
	s.until(kv, "virt-api is back although the update is halted", func() bool { return s.exists(&appsv1.Deployment{}, component.API) })

	s.r.Environment.Image = former
	s.events.Take()
	s.settle(kv)
	if kv.Status.ObservedDeploymentID != before {
		t.Error("another deployment is observed after going back")
	}
	if kept := s.kept(uids); kept != len(nodes)-1 {
		t.Errorf("going back has cost pods: %d are left", kept)
	}
	s.halt(kv)
	s.r.Environment.Image = "registry.test/kv/kubevirt:good"
	s.settle(kv)
	if kept := s.kept(uids); kept != 0 || kv.Status.ObservedDeploymentID == before {
		t.Errorf("%d pods are still of the former version, observed %s", kept, kv.Status.ObservedDeploymentID)
	}
	set := &appsv1.DaemonSet{}
	if s.exists(set, component.Handler); set.Spec.UpdateStrategy.Type != appsv1.RollingUpdateDaemonSetStrategyType {
		t.Errorf("the DaemonSet is left with strategy %s", set.Spec.UpdateStrategy.Type)
	}
}

// halt updates to an image that does not work, until that is said.
func (s *suite) halt(kv *v1.KubeVirt) {
	s.Helper()
	s.r.Environment.Image = "registry.test/kv/kubevirt:bad"
	s.events.Take()
	s.until(kv, "the update is halted", func() bool {
		s.withCrashes(kv)
		c := v1.FindCondition(kv.Status.Conditions, v1.ConditionDegraded)
		return c != nil && c.Reason == v1.ReasonUpdateHalted
	})
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionTrue, v1.ReasonUpdateHalted)
	s.expectCondition(kv, v1.ConditionProgressing, corev1.ConditionFalse, v1.ReasonUpdateHalted)
	message := v1.FindCondition(kv.Status.Conditions, v1.ConditionDegraded).Message
	for _, part := range []string{"virt-handler-", "on node node-a", "keeps ending", "exit code 2", "panic: no way"} {
		if !strings.Contains(message, part) {
			s.Errorf("the message lacks %q: %s", part, message)
		}
	}
	s.until(kv, "the cache shows it", func() bool { s.withCrashes(kv); return s.writes.take() == nil })
	warnings := 0
	for _, e := range s.events.Take() {
		if e.Type == corev1.EventTypeWarning {
			warnings++
			if e.Reason != v1.EventFailedUpdate || !strings.Contains(e.Message, message) {
				s.Errorf("event %+v", e)
			}
		}
	}
	if warnings != 1 {
		s.Errorf("%d warnings, want one", warnings)
	}
}

// withCrashes reconciles where pods of the bad image keep ending, each time with
// other last words.
func (s *suite) withCrashes(kv *v1.KubeVirt) {
	s.Helper()
	set := &appsv1.DaemonSet{}
	s.exists(set, component.Handler)
	s.clock.SetTime(s.clock.Now().Add(time.Second))
	s.daemons(set, func(pod *corev1.Pod) {
		if strings.HasSuffix(pod.Spec.Containers[0].Image, ":bad") {
			s.crashing(pod)
			return
		}
		s.wellDone(pod)
	})
	s.reconcile(kv)
}

// node is one that answers.
func (s *suite) node(name string) {
	s.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	s.must(admin.Create(s.ctx, node), "creating a node")
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	s.must(admin.Status().Update(s.ctx, node), "saying that a node is ready")
}

func (s *suite) uids() map[types.UID]bool {
	found := map[types.UID]bool{}
	for _, pod := range s.handlerPods() {
		found[pod.UID] = true
	}
	return found
}

// kept counts the pods that are still there.
func (s *suite) kept(uids map[types.UID]bool) int {
	n := 0
	for uid := range s.uids() {
		if uids[uid] {
			n++
		}
	}
	return n
}
