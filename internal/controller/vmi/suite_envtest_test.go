//go:build envtest

package vmi

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

const testNode = "node01"

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

// suite is one instance and the reconciler that brings it along. The reconciler
// has virt-controller's own rights.
type suite struct {
	*testing.T
	ctx      context.Context
	r        *Reconciler
	clock    *clocktesting.FakePassiveClock
	events   *event.Memory
	requests *envtest.Requests
	handler  client.Client
	key      client.ObjectKey
	// kubevirt is the cluster's configuration; nil for the defaults.
	kubevirt *v1.KubeVirt
}

// unindexed answers the indexed questions by what is behind them: the tests read live,
// where there is no index.
type unindexed struct{ client.Client }

func (u unindexed) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	for i, option := range options {
		fields, ok := option.(client.MatchingFields)
		switch {
		case ok && fields[IndexPodVMI] != "":
			options[i] = client.MatchingLabels{v1.LabelCreatedBy: fields[IndexPodVMI]}
		case ok && fields[IndexPodClaim] != "":
			options[i] = client.MatchingLabels{}
			pods := list.(*corev1.PodList)
			err := u.Client.List(ctx, pods, options...)
			pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
				return !slices.Contains(podClaims(&pod), fields[IndexPodClaim])
			})
			return err
		}
	}
	return u.Client.List(ctx, list, options...)
}

func newSuite(t *testing.T, options ...builder.Option) *suite {
	t.Helper()
	s := &suite{T: t, ctx: context.Background(), events: &event.Memory{}, requests: &envtest.Requests{}}
	s.clock = clocktesting.NewFakePassiveClock(time.Now())
	own := s.client(component.ControllerAccount, "", s.requests)
	s.handler = s.client(component.HandlerAccount, testNode, nil)
	s.r = &Reconciler{
		Client: unindexed{own}, Live: own, Events: s.events, Clock: s.clock,
		Render: func(vmi *v1.VirtualMachineInstance, claims launcherpod.Claims) (*corev1.Pod, error) {
			return launcherpod.Render(vmi, clusterconfig.New(s.kubevirt), launcherpod.Options{LauncherImage: "launcher:1"}, claims)
		},
		Config:     func() *clusterconfig.Config { return clusterconfig.New(s.kubevirt) },
		NodeSilent: func(*corev1.Node, time.Time) bool { return false },
	}
	vmi := builder.VMI(cluster.NewNamespace(t), "guest", options...)
	if err := cluster.Client.Create(s.ctx, vmi); err != nil {
		t.Fatalf("creating the instance: %v", err)
	}
	s.key = client.ObjectKeyFromObject(vmi)
	return s
}

func (s *suite) client(account, node string, requests *envtest.Requests) client.Client {
	s.Helper()
	c, err := client.New(cluster.As(account, node, requests), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		s.Fatalf("making a client: %v", err)
	}
	return c
}

func (s *suite) tryReconcile() (ctrl.Result, error) {
	return s.r.Reconcile(s.ctx, ctrl.Request{NamespacedName: s.key})
}

// reconcile reconciles once and checks which writes that took, in the words
// "METHOD kind".
func (s *suite) reconcile(wantWrites ...string) ctrl.Result {
	s.Helper()
	result, err := s.tryReconcile()
	if err != nil {
		s.Fatalf("reconciling: %v", err)
	}
	s.wantWrites(wantWrites...)
	return result
}

func (s *suite) wantWrites(want ...string) {
	s.Helper()
	var got []string
	for _, line := range s.requests.Take() {
		method, path, _ := strings.Cut(line, " ")
		switch {
		case strings.HasSuffix(path, "/status"):
			method += " pod status"
		case strings.Contains(path, "/virtualmachineinstances/"):
			method += " vmi"
		default:
			method += " pod"
		}
		if strings.Contains(path, " ") {
			method += " failed"
		}
		got = append(got, method)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		s.Fatalf("writes: %q, want %q", got, want)
	}
}

func (s *suite) wantEvents(reasons ...string) {
	s.Helper()
	var got []string
	for _, e := range s.events.Take() {
		got = append(got, e.Type+" "+e.Reason)
	}
	if strings.Join(got, ", ") != strings.Join(reasons, ", ") {
		s.Fatalf("events: %q, want %q", got, reasons)
	}
}

func (s *suite) vmi() *v1.VirtualMachineInstance {
	s.Helper()
	vmi := &v1.VirtualMachineInstance{}
	if err := cluster.Client.Get(s.ctx, s.key, vmi); err != nil {
		s.Fatalf("reading the instance: %v", err)
	}
	return vmi
}

func (s *suite) gone() bool {
	s.Helper()
	err := cluster.Client.Get(s.ctx, s.key, &v1.VirtualMachineInstance{})
	if client.IgnoreNotFound(err) != nil {
		s.Fatalf("reading the instance: %v", err)
	}
	return apierrors.IsNotFound(err)
}

func (s *suite) pods() []corev1.Pod {
	s.Helper()
	list := &corev1.PodList{}
	if err := cluster.Client.List(s.ctx, list, client.InNamespace(s.key.Namespace)); err != nil {
		s.Fatalf("listing pods: %v", err)
	}
	return list.Items
}

func (s *suite) pod() *corev1.Pod {
	s.Helper()
	pods := s.pods()
	if len(pods) != 1 {
		s.Fatalf("there are %d pods, want 1", len(pods))
	}
	return &pods[0]
}

func (s *suite) wantPhase(want v1.VirtualMachineInstancePhase) *v1.VirtualMachineInstance {
	s.Helper()
	vmi := s.vmi()
	if vmi.Status.Phase != want {
		s.Fatalf("phase %q, want %q", vmi.Status.Phase, want)
	}
	return vmi
}

// wantCondition checks a condition, given as "Status Reason"; empty for absent.
func (s *suite) wantCondition(t v1.ConditionType, want string) {
	s.Helper()
	var got string
	if c := s.vmi().Condition(t); c != nil {
		got = strings.TrimSpace(string(c.Status) + " " + c.Reason)
	}
	if got != want {
		s.Fatalf("condition %s is %q, want %q", t, got, want)
	}
}

// report writes a status as the virt-handler of the node does, with its rights.
func (s *suite) report(change func(*v1.VirtualMachineInstance)) {
	s.Helper()
	vmi := s.vmi()
	p := patch.NewInstance(s.handler, s.handler, patch.Handler, vmi)
	change(vmi)
	if err := p.Finish(s.ctx, vmi, nil); err != nil {
		s.Fatalf("writing as virt-handler: %v", err)
	}
}

func phase(p v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase = p
	}
}

func (s *suite) delete(obj client.Object, options ...client.DeleteOption) {
	s.Helper()
	if err := cluster.Client.Delete(s.ctx, obj, options...); err != nil {
		s.Fatalf("deleting %s: %v", obj.GetName(), err)
	}
}

// scheduled brings the instance to phase Scheduled.
func (s *suite) scheduled() {
	s.Helper()
	s.reconcile("POST pod", "PATCH vmi")
	pod := s.pod()
	cluster.Bind(s.T, pod, testNode)
	cluster.SetPod(s.T, pod, envtest.Running)
	s.reconcile("PATCH vmi")
	s.wantPhase(v1.VMIPhaseScheduled)
}

// running brings the instance to phase Running, its pod ready.
func (s *suite) running() {
	s.Helper()
	s.scheduled()
	s.report(phase(v1.VMIPhaseRunning))
	s.reconcile("PATCH pod status")
	cluster.SetPod(s.T, s.pod(), func(status *corev1.PodStatus) {
		envtest.SetPodCondition(status, corev1.PodReady, corev1.ConditionTrue, "")
	})
	s.reconcile("PATCH vmi")
	s.events.Take()
}
