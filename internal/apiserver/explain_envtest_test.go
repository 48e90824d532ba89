//go:build envtest

package apiserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/test/builder"
)

// explanation asks for one with virt-api's own rights.
func explanation(t *testing.T, namespace, name string) (int, subresourcesv1.VirtualMachineExplanation) {
	t.Helper()
	own, err := client.New(kube.As(component.APIAccount, "", nil), client.Options{Scheme: kube.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{client: own, surveyor: own, log: logr.Discard()}
	w := httptest.NewRecorder()
	s.explain(w, httptest.NewRequest(http.MethodGet, "/", nil), target{namespace: namespace, name: name})
	var e subresourcesv1.VirtualMachineExplanation
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code, e
}

// explaining is a machine of which one thing after the other is found.
type explaining struct {
	*testing.T
	namespace string
	vmi       *v1.VirtualMachineInstance
	// controller writes the instance's status.
	controller client.Client
}

func (x *explaining) create(object client.Object) {
	x.Helper()
	if err := kube.Client.Create(x.Context(), object); err != nil {
		x.Fatal(err)
	}
}

// update writes an object's status.
func (x *explaining) update(object client.Object) {
	x.Helper()
	if err := kube.Client.Status().Update(x.Context(), object); err != nil {
		x.Fatal(err)
	}
}

func (x *explaining) reports(status v1.VirtualMachineInstanceStatus) {
	x.Helper()
	before := client.MergeFrom(x.vmi.DeepCopy())
	x.vmi.Status = status
	if err := x.controller.Patch(x.Context(), x.vmi, before); err != nil {
		x.Fatal(err)
	}
}

// want asks, and checks the one cause and that some evidence is in an object of a kind.
func (x *explaining) want(reason, kind string) {
	x.Helper()
	code, e := explanation(x.T, x.namespace, x.vmi.Name)
	if code != http.StatusOK || e.Kind != "VirtualMachineExplanation" || len(e.Causes) != 1 || e.Causes[0].Reason != reason {
		x.Fatalf("code %d, %+v; want %s", code, e, reason)
	}
	if !slices.ContainsFunc(e.Causes[0].Evidence, func(evidence subresourcesv1.Evidence) bool { return evidence.Kind == kind }) {
		x.Errorf("%s: no evidence in a %s: %+v", reason, kind, e.Causes[0].Evidence)
	}
}

// TestExplainReads goes through the kinds of objects that are read, with virt-api's
// own rights.
func TestExplainReads(t *testing.T) {
	x := &explaining{T: t, namespace: kube.NewNamespace(t)}
	if code, _ := explanation(t, x.namespace, "myvm"); code != http.StatusNotFound {
		t.Errorf("code %d without a machine", code)
	}
	var err error
	if x.controller, err = client.New(kube.As(component.ControllerAccount, "", nil),
		client.Options{Scheme: kube.Scheme}); err != nil {
		t.Fatal(err)
	}
	vm := builder.VM(x.namespace, "myvm", v1.RunStrategyAlways, builder.Claim("data", "data"))
	x.create(vm)
	x.vmi = builder.VMI(x.namespace, "myvm", builder.Claim("data", "data"))
	x.vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.VirtualMachineGroupVersionKind)}
	x.create(x.vmi)
	t.Run("quota", func(*testing.T) { x.quota() })
	t.Run("claim", func(*testing.T) { x.claim() })
	t.Run("pod and node", func(*testing.T) { x.pod() })
}

func (x *explaining) quota() {
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: x.namespace, Name: "small"}}
	x.create(quota)
	quota.Status.Hard = corev1.ResourceList{corev1.ResourcePods: apiresource.MustParse("1")}
	x.update(quota)
	x.reports(v1.VirtualMachineInstanceStatus{Phase: v1.VMIPhasePending, Conditions: []v1.Condition{{
		Type: v1.ConditionSynchronized, Status: corev1.ConditionFalse, Reason: v1.ReasonFailedCreate,
		Message: `pods "a" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1`,
	}}})
	x.want(v1.CauseQuotaExceeded, "ResourceQuota")
	if err := kube.Client.Delete(x.Context(), quota); err != nil {
		x.Fatal(err)
	}
}

func (x *explaining) claim() {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: x.namespace, Name: "data"}}
	claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: apiresource.MustParse("1Gi")}
	x.create(claim)
	claim.Status.Phase = corev1.ClaimLost
	x.update(claim)
	x.reports(v1.VirtualMachineInstanceStatus{Phase: v1.VMIPhasePending})
	x.want(v1.CauseClaimLost, "PersistentVolumeClaim")
	claim.Status.Phase = corev1.ClaimBound
	x.update(claim)
}

func (x *explaining) pod() {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: x.namespace, Name: "launcher", Labels: map[string]string{v1.LabelCreatedBy: string(x.vmi.UID)},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(x.vmi, v1.VirtualMachineInstanceGroupVersionKind)},
		},
		Spec: corev1.PodSpec{
			NodeSelector: map[string]string{"disk": "ssd"}, Containers: []corev1.Container{{Name: "compute", Image: "i"}},
		},
	}
	x.create(pod)
	x.reports(v1.VirtualMachineInstanceStatus{Phase: v1.VMIPhaseScheduling})
	kube.SetPod(x.T, pod, func(s *corev1.PodStatus) {
		s.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			Message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
		}}
	})
	x.want(v1.CauseNodeSelectorUnmatched, "VirtualMachine")

	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "explained"}}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	x.create(node)
	kube.Bind(x.T, pod, node.Name)
	x.create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: x.namespace, Name: "killed"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: x.namespace, Name: pod.Name, UID: pod.UID},
		Type:           corev1.EventTypeWarning, Reason: "Killing", Message: "Container compute failed liveness probe", LastTimestamp: metav1.Now(),
	})
	kube.SetPod(x.T, pod, func(s *corev1.PodStatus) {
		s.Phase = corev1.PodFailed
		s.ContainerStatuses = []corev1.ContainerStatus{{Name: "compute",
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137}}}}
	})
	x.want(v1.CauseLivenessProbeFailing, "Pod")
}
