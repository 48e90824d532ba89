//go:build envtest

package vmi

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

// From creation to ready: five writes of this controller's and one event.
func TestStart(t *testing.T) {
	s := newSuite(t)
	if got := s.wantPhase(v1.VMIPhasePending).Finalizers; len(got) != 1 || got[0] != v1.FinalizerVMI {
		t.Fatalf("finalizers after admission: %v", got)
	}

	s.reconcile("POST pod", "PATCH vmi")
	s.wantEvents("Normal SuccessfulCreate")
	vmi, pod := s.wantPhase(v1.VMIPhaseScheduling), s.pod()
	s.wantCondition(v1.ConditionReady, "False GuestNotRunning")
	if !metav1.IsControlledBy(pod, vmi) || pod.Labels[v1.LabelCreatedBy] != string(vmi.UID) {
		t.Errorf("the pod is not the instance's: %v %v", pod.OwnerReferences, pod.Labels)
	}
	if _, ok := vmi.Status.ActivePods[pod.UID]; !ok || len(vmi.Status.ActivePods) != 1 {
		t.Errorf("active pods: %v, want %s", vmi.Status.ActivePods, pod.UID)
	}
	if vmi.Status.LauncherContainerImageVersion != "launcher:1" || vmi.Status.QOSClass == nil || *vmi.Status.QOSClass != pod.Status.QOSClass {
		t.Errorf("image %q, class %v", vmi.Status.LauncherContainerImageVersion, vmi.Status.QOSClass)
	}

	s.reconcile()
	cluster.Bind(t, pod, testNode)
	s.reconcile()
	cluster.SetPod(t, pod, envtest.Waiting("ContainerCreating"))
	s.reconcile()
	cluster.SetPod(t, pod, envtest.Running)
	s.reconcile("PATCH vmi")
	vmi = s.wantPhase(v1.VMIPhaseScheduled)
	if vmi.Status.NodeName != testNode || vmi.Labels[v1.LabelNodeName] != testNode || vmi.Status.ActivePods[pod.UID] != testNode {
		t.Errorf("node %q, label %q, active pods %v", vmi.Status.NodeName, vmi.Labels[v1.LabelNodeName], vmi.Status.ActivePods)
	}
	if vmi.Status.MigrationTransport != v1.MigrationTransportUnix {
		t.Errorf("transport %q", vmi.Status.MigrationTransport)
	}

	s.report(phase(v1.VMIPhaseRunning))
	s.reconcile("PATCH pod status")
	s.wantCondition(v1.ConditionReady, "False GuestNotRunning")
	if c := podCondition(s.pod(), v1.ConditionVirtualMachineUnpaused); c == nil || c.Status != corev1.ConditionTrue {
		t.Errorf("the gate is %v", c)
	}
	s.reconcile()
	cluster.SetPod(t, s.pod(), func(status *corev1.PodStatus) {
		envtest.SetPodCondition(status, corev1.PodReady, corev1.ConditionTrue, "")
	})
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionReady, "True")
	s.reconcile()
	s.wantEvents()

	var phases []string
	for _, p := range s.vmi().Status.PhaseTransitionTimestamps {
		phases = append(phases, string(p.Phase))
	}
	if got := strings.Join(phases, " "); got != "Pending Scheduling Scheduled" {
		t.Errorf("phase timestamps: %s", got)
	}
}

// From deletion to gone: two writes of this controller's and one event.
func TestDelete(t *testing.T) {
	s := newSuite(t)
	s.running()
	s.delete(s.vmi())
	s.reconcile("DELETE pod")
	s.wantEvents("Normal SuccessfulDelete")
	pod := s.pod()
	if pod.DeletionTimestamp.IsZero() {
		t.Fatal("the pod is not being deleted")
	}
	s.reconcile()
	s.report(phase(v1.VMIPhaseSucceeded))
	s.reconcile()
	cluster.SetPod(t, pod, envtest.Ended(corev1.PodSucceeded))
	s.reconcile()
	cluster.RemovePod(t, pod)
	s.reconcile("PATCH vmi")
	if !s.gone() {
		t.Error("the instance is still there")
	}
	s.reconcile()
	s.wantEvents()
}

func TestDeleteBeforeThePodExists(t *testing.T) {
	s := newSuite(t)
	s.delete(s.vmi())
	s.reconcile("PATCH vmi")
	if !s.gone() || len(s.pods()) != 0 {
		t.Errorf("gone: %v, pods: %d", s.gone(), len(s.pods()))
	}
}

func TestDeleteBeforeTheGuestRuns(t *testing.T) {
	s := newSuite(t)
	s.reconcile("POST pod", "PATCH vmi")
	s.delete(s.vmi())
	// The pod has no node, so that the API server removes it at once.
	s.reconcile("DELETE pod")
	s.reconcile("PATCH vmi")
	if !s.gone() {
		t.Error("the instance is still there")
	}
}

// A pod that was made although the status could not be written is found again.
func TestPodExistsAlready(t *testing.T) {
	s := newSuite(t)
	pod, err := s.r.Render(s.vmi(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Client.Create(s.ctx, pod); err != nil {
		t.Fatal(err)
	}
	s.r.Client = blind{s.r.Client}
	s.reconcile("POST pod failed", "PATCH vmi")
	s.wantPhase(v1.VMIPhaseScheduling)
	s.wantEvents()
}

// A terminating pod of the name is waited for, one of somebody else's is an error.
func TestPodNameIsTaken(t *testing.T) {
	t.Run("terminating", func(t *testing.T) {
		s := newSuite(t)
		pod, err := s.r.Render(s.vmi(), nil)
		if err != nil {
			t.Fatal(err)
		}
		pod.Finalizers = []string{"test.kubevirt.io/hold"}
		if err := cluster.Client.Create(s.ctx, pod); err != nil {
			t.Fatal(err)
		}
		s.delete(pod)
		s.r.Client = blind{s.r.Client}
		s.reconcile("POST pod failed", "PATCH vmi")
		s.wantPhase(v1.VMIPhasePending)
		s.wantCondition(v1.ConditionReady, "False PodNotExists")
	})
	t.Run("foreign", func(t *testing.T) {
		s := newSuite(t)
		pod, err := s.r.Render(s.vmi(), nil)
		if err != nil {
			t.Fatal(err)
		}
		pod.OwnerReferences = nil
		if err := cluster.Client.Create(s.ctx, pod); err != nil {
			t.Fatal(err)
		}
		if _, err := s.tryReconcile(); err == nil {
			t.Error("want an error")
		}
		s.wantPhase(v1.VMIPhasePending)
		s.wantCondition(v1.ConditionSynchronized, "False FailedCreate")
		s.wantEvents("Warning FailedCreate")
	})
}

// A quota that leaves no room is reported once, and forgotten once there is room.
func TestQuota(t *testing.T) {
	s := newSuite(t)
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}
	if err := cluster.Client.Create(s.ctx, quota); err != nil {
		t.Fatal(err)
	}
	quota.Status.Hard = quota.Spec.Hard
	quota.Status.Used = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}
	if err := cluster.Client.Status().Update(s.ctx, quota); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.tryReconcile(); err == nil {
			t.Fatal("the pod was created in spite of the quota")
		}
	}
	s.wantWrites("POST pod failed", "PATCH vmi", "POST pod failed")
	s.wantEvents("Warning FailedCreate")
	s.wantCondition(v1.ConditionSynchronized, "False FailedCreate")

	s.delete(quota)
	s.reconcile("POST pod", "PATCH vmi")
	s.wantPhase(v1.VMIPhaseScheduling)
	s.wantCondition(v1.ConditionSynchronized, "")
}

// In a namespace that is being deleted nothing can be made, and nothing has failed.
func TestNamespaceEnds(t *testing.T) {
	s := newSuite(t)
	s.delete(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.key.Namespace}})
	s.reconcile("POST pod failed", "PATCH vmi")
	s.wantPhase(v1.VMIPhasePending)
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantEvents()
}

func TestUnschedulable(t *testing.T) {
	s := newSuite(t)
	s.reconcile("POST pod", "PATCH vmi")
	cluster.SetPod(t, s.pod(), func(status *corev1.PodStatus) {
		envtest.SetPodCondition(status, corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable")
	})
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionPodScheduled, "False Unschedulable")
	s.wantPhase(v1.VMIPhaseScheduling)
	cluster.SetPod(t, s.pod(), func(status *corev1.PodStatus) {
		envtest.SetPodCondition(status, corev1.PodScheduled, corev1.ConditionTrue, "")
	})
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionPodScheduled, "")
}

func TestImagePull(t *testing.T) {
	s := newSuite(t)
	s.reconcile("POST pod", "PATCH vmi")
	pod := s.pod()
	cluster.Bind(t, pod, testNode)
	for _, reason := range []string{"ErrImagePull", "ImagePullBackOff"} {
		cluster.SetPod(t, pod, envtest.Waiting(reason))
		s.reconcile("PATCH vmi")
		s.wantCondition(v1.ConditionSynchronized, "False "+reason)
	}
	cluster.SetPod(t, pod, envtest.Running)
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	s.wantPhase(v1.VMIPhaseScheduled)
}

func TestPodEndsWithoutTheHandlersWord(t *testing.T) {
	cases := map[string]struct {
		start func(*suite)
		end   func(*suite, *corev1.Pod)
		want  v1.VirtualMachineInstancePhase
	}{
		"failed while it starts":     {(*suite).created, endPod(corev1.PodFailed), v1.VMIPhaseFailed},
		"succeeded while it starts":  {(*suite).created, endPod(corev1.PodSucceeded), v1.VMIPhaseFailed},
		"gone while it starts":       {(*suite).created, removePod, v1.VMIPhaseFailed},
		"failed under a guest":       {(*suite).running, endPod(corev1.PodFailed), v1.VMIPhaseFailed},
		"succeeded under a guest":    {(*suite).running, endPod(corev1.PodSucceeded), v1.VMIPhaseSucceeded},
		"gone under a guest":         {(*suite).running, removePod, v1.VMIPhaseFailed},
		"gone before the guest runs": {(*suite).scheduled, removePod, v1.VMIPhaseFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t)
			c.start(s)
			c.end(s, s.pod())
			s.reconcile("PATCH vmi")
			vmi := s.wantPhase(c.want)
			s.wantCondition(v1.ConditionReady, "False GuestNotRunning")
			if len(vmi.Status.ActivePods) != 0 {
				t.Errorf("active pods: %v", vmi.Status.ActivePods)
			}
			if kept := len(vmi.Finalizers) == 1; kept != (len(s.pods()) == 1) {
				t.Errorf("finalizers %v, pods %d", vmi.Finalizers, len(s.pods()))
			}
			s.reconcile()
		})
	}
}

func (s *suite) created() { s.reconcile("POST pod", "PATCH vmi") }

func endPod(phase corev1.PodPhase) func(*suite, *corev1.Pod) {
	return func(s *suite, pod *corev1.Pod) { cluster.SetPod(s.T, pod, envtest.Ended(phase)) }
}

func removePod(s *suite, pod *corev1.Pod) { cluster.RemovePod(s.T, pod) }

// kubectl delete pod: the launcher shuts the guest down and virt-handler tells how
// that ended; the instance stays, with nothing left to hold it.
func TestPodIsDeleted(t *testing.T) {
	s := newSuite(t)
	s.running()
	pod := s.pod()
	s.delete(pod)
	s.reconcile("PATCH vmi")
	s.wantPhase(v1.VMIPhaseRunning)
	s.wantCondition(v1.ConditionReady, "False PodTerminating")
	s.report(phase(v1.VMIPhaseSucceeded))
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionReady, "False GuestNotRunning")
	cluster.RemovePod(t, pod)
	s.reconcile("PATCH vmi")
	if vmi := s.wantPhase(v1.VMIPhaseSucceeded); len(vmi.Finalizers) != 0 {
		t.Errorf("finalizers: %v", vmi.Finalizers)
	}
	s.wantEvents()
}

// A launcher that does not notice its guest's end is given time, then deleted.
func TestStuckLauncher(t *testing.T) {
	s := newSuite(t)
	s.running()
	now := metav1.NewTime(s.clock.Now())
	s.report(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase = v1.VMIPhaseFailed
		vmi.Status.PhaseTransitionTimestamps = append(vmi.Status.PhaseTransitionTimestamps,
			v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: v1.VMIPhaseFailed, PhaseTransitionTimestamp: now})
	})
	if wait := s.reconcile("PATCH vmi").RequeueAfter; wait <= 0 || wait > launcherExit {
		t.Fatalf("looks again after %s", wait)
	}
	s.clock.SetTime(now.Add(launcherExit + time.Second))
	s.reconcile("DELETE pod")
	s.wantEvents("Normal SuccessfulDelete")
}

func TestPause(t *testing.T) {
	s := newSuite(t)
	s.running()
	s.report(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: v1.ConditionPaused, Status: corev1.ConditionTrue, Reason: v1.ReasonPausedByUser})
	})
	s.reconcile("PATCH pod status")
	cluster.SetPod(t, s.pod(), func(status *corev1.PodStatus) {
		envtest.SetPodCondition(status, corev1.PodReady, corev1.ConditionFalse, reasonReadinessGates)
	})
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionReady, "False "+reasonReadinessGates)
	s.wantCondition(v1.ConditionPaused, "True PausedByUser")
}

// A silent node agent makes readiness unknown and ends nothing, as long as a
// container may be alive.
func TestSilentNode(t *testing.T) {
	s := newSuite(t)
	s.running()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: testNode}}
	if err := cluster.Client.Create(s.ctx, node); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.delete(node) })
	s.r.NodeSilent = func(n *corev1.Node, _ time.Time) bool { return n.Name == testNode }
	s.reconcile("PATCH vmi")
	s.wantCondition(v1.ConditionReady, "Unknown NodeUnresponsive")
	s.wantPhase(v1.VMIPhaseRunning)
	cluster.SetPod(t, s.pod(), func(status *corev1.PodStatus) {
		status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
	})
	s.reconcile("PATCH vmi")
	s.wantPhase(v1.VMIPhaseFailed)
}

// virt-handler writes while this controller decides: both views end up in the
// status, at the price of one more try.
func TestDisturbedByTheHandler(t *testing.T) {
	s := newSuite(t)
	s.running()
	s.delete(s.pod())
	stale := s.vmi()
	s.report(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: v1.ConditionAgentConnected, Status: corev1.ConditionTrue})
	})
	s.r.Client = lagging{s.r.Client, stale}
	s.reconcile("PATCH vmi failed", "PATCH vmi")
	s.wantCondition(v1.ConditionAgentConnected, "True")
	s.wantCondition(v1.ConditionReady, "False PodTerminating")
}

// An instance read in a state older than the last write is left alone.
func TestStaleCache(t *testing.T) {
	s := newSuite(t)
	stale := s.vmi()
	s.reconcile("POST pod", "PATCH vmi")
	fresh := s.r.Client
	s.r.Client = lagging{fresh, stale}
	s.reconcile()
	s.r.Client = fresh
	s.reconcile()
}

// A cache without the pod does not end an instance whose pod the API server has.
func TestCacheWithoutThePod(t *testing.T) {
	s := newSuite(t)
	s.running()
	s.r.Client = blind{s.r.Client}
	s.reconcile()
	s.wantPhase(v1.VMIPhaseRunning)
}

// A shorter grace period set after the start reaches the pod.
func TestShorterGrace(t *testing.T) {
	s := newSuite(t, builder.GracePeriod(600))
	s.running()
	before := client.MergeFrom(s.vmi())
	vmi := s.vmi()
	*vmi.Spec.TerminationGracePeriodSeconds = 5
	if err := s.r.Live.(client.Client).Patch(s.ctx, vmi, before); err != nil {
		t.Fatal(err)
	}
	s.requests.Take()
	s.delete(vmi)
	s.reconcile("DELETE pod")
	if grace := *s.pod().DeletionGracePeriodSeconds; grace != 5+podGraceMargin {
		t.Errorf("the pod gets %d s", grace)
	}
}
