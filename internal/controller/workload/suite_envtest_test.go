//go:build envtest

package workload

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

const testNode = "node01"

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

// suite is an installation, the guests of one namespace and the reconciler, which has
// virt-controller's own rights.
type suite struct {
	*testing.T
	ctx       context.Context
	r         *Reconciler
	own       client.Client
	clock     *clocktesting.FakePassiveClock
	events    *event.Memory
	requests  *envtest.Requests
	kv        *v1.KubeVirt
	namespace string
}

// within lists what is in one namespace only: the tests share a cluster.
type within struct {
	client.Client
	namespace string
}

func (w within) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return w.Client.List(ctx, list, append(options, client.InNamespace(w.namespace))...)
}

// newSuite makes an installation that is complete.
func newSuite(t *testing.T, strategy v1.KubeVirtWorkloadUpdateStrategy) *suite {
	t.Helper()
	s := &suite{T: t, ctx: context.Background(), events: &event.Memory{}, requests: &envtest.Requests{}}
	s.namespace, s.clock = cluster.NewNamespace(t), clocktesting.NewFakePassiveClock(time.Now())
	var err error
	s.own, err = client.New(cluster.As(component.ControllerAccount, "", s.requests), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.kv = &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: envtest.Namespace, GenerateName: "kubevirt-"}}
	s.kv.Spec.WorkloadUpdateStrategy = strategy
	if err := cluster.Client.Create(s.ctx, s.kv); err != nil {
		t.Fatal(err)
	}
	s.setStatus(func(status *v1.KubeVirtStatus) {
		status.Phase, status.ObservedDeploymentID, status.TargetDeploymentID = v1.KubeVirtPhaseDeployed, "this", "this"
		status.Conditions = []v1.Condition{{
			Type: v1.ConditionProgressing, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(s.clock.Now()),
		}}
	})
	return s
}

// restart puts another process into the place of the one before.
func (s *suite) restart() {
	s.r = &Reconciler{Client: within{s.own, s.namespace}, Live: s.own, Events: s.events, Clock: s.clock, LauncherImage: current}
}

// setStatus changes the KubeVirt object's status, as the operator does.
func (s *suite) setStatus(change func(*v1.KubeVirtStatus)) {
	s.Helper()
	s.refresh(s.kv)
	change(&s.kv.Status)
	if err := cluster.Client.Status().Update(s.ctx, s.kv); err != nil {
		s.Fatal(err)
	}
}

func (s *suite) refresh(obj client.Object) {
	s.Helper()
	if err := cluster.Client.Get(s.ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
		s.Fatal(err)
	}
}

// guest makes an instance whose guest runs in a launcher of this image.
func (s *suite) guest(name, image string, options ...builder.Option) *v1.VirtualMachineInstance {
	s.Helper()
	vmi := builder.VMI(s.namespace, name, options...)
	if err := cluster.Client.Create(s.ctx, vmi); err != nil {
		s.Fatal(err)
	}
	s.report(vmi, map[string]any{"phase": v1.VMIPhaseRunning, "nodeName": testNode, "launcherContainerImageVersion": image})
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.namespace, Name: launcherpod.PodName(vmi),
			Labels:          map[string]string{v1.LabelComponent: v1.LauncherPod, v1.LabelCreatedBy: string(vmi.UID), "guest": name},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vmi, v1.VirtualMachineInstanceGroupVersionKind)},
		},
		Spec: corev1.PodSpec{NodeName: testNode, Containers: []corev1.Container{{Name: "compute", Image: image}}},
	}
	if err := cluster.Client.Create(s.ctx, pod); err != nil {
		s.Fatal(err)
	}
	cluster.SetPod(s.T, pod, envtest.Running)
	return vmi
}

// report writes a part of an instance's status, as its writers do.
func (s *suite) report(vmi *v1.VirtualMachineInstance, status map[string]any) {
	s.Helper()
	text, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		s.Fatal(err)
	}
	if err := s.own.Patch(s.ctx, vmi, client.RawPatch(types.MergePatchType, text)); err != nil {
		s.Fatal(err)
	}
	s.requests.Take()
}

// end has a guest shut down and its launcher go.
func (s *suite) end(vmi *v1.VirtualMachineInstance) {
	s.Helper()
	s.report(vmi, map[string]any{"phase": v1.VMIPhaseSucceeded})
	cluster.RemovePod(s.T, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: launcherpod.PodName(vmi)}})
}

// reconcile reconciles once and checks which writes that took, in the words "label
// NAME", "count" and "evict NAME", and when it is to be called again.
func (s *suite) reconcile(wait time.Duration, want ...string) {
	s.Helper()
	result, err := s.r.Reconcile(s.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.kv)})
	if err != nil {
		s.Fatalf("reconciling: %v", err)
	}
	var got []string
	for _, line := range s.requests.Take() {
		_, path, _ := strings.Cut(line, " ")
		path, code, failed := strings.Cut(path, " ")
		parts := strings.Split(path, "/")
		word := "label " + parts[len(parts)-1]
		switch parts[len(parts)-1] {
		case "eviction":
			word = "evict " + strings.Split(parts[len(parts)-2], "-")[2]
		case "status":
			word = "count"
		}
		if failed {
			word += " " + code
		}
		got = append(got, word)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		s.Fatalf("writes: %q, want %q", got, want)
	}
	if result.RequeueAfter != wait {
		s.Fatalf("looks again after %s, want %s", result.RequeueAfter, wait)
	}
}

func (s *suite) wantEvents(want ...string) {
	s.Helper()
	var got []string
	for _, e := range s.events.Take() {
		got = append(got, e.Type+" "+e.Reason+" "+e.About.Name)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		s.Fatalf("events: %q, want %q", got, want)
	}
}

// wantOutdated checks who is marked, and how many are counted; -1 stands for no count.
func (s *suite) wantOutdated(count int, names ...string) {
	s.Helper()
	list := &v1.VirtualMachineInstanceList{}
	err := cluster.Client.List(s.ctx, list, client.InNamespace(s.namespace), client.HasLabels{v1.LabelOutdatedLauncherImage})
	if err != nil {
		s.Fatal(err)
	}
	var marked []string
	for i := range list.Items {
		marked = append(marked, list.Items[i].Name)
	}
	s.refresh(s.kv)
	counted := -1
	if n := s.kv.Status.OutdatedVirtualMachineInstanceWorkloads; n != nil {
		counted = *n
	}
	if counted != count || strings.Join(marked, ", ") != strings.Join(names, ", ") {
		s.Fatalf("%d are counted, %q marked, want %d and %q", counted, marked, count, names)
	}
}
