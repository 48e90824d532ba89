package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// guest is an instance that runs on a node.
func guest(changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := instance(v1.VMIPhaseRunning)
	vmi.Namespace, vmi.Name, vmi.Status.NodeName = "ns", "myvm", "node01"
	for _, change := range changes {
		change(vmi)
	}
	return vmi
}

func in(phase v1.VirtualMachineInstancePhase) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = phase }
}

func with(t v1.ConditionType) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: t, Status: "True"})
	}
}

var paused, agent = with(v1.ConditionPaused), with(v1.ConditionAgentConnected)

func probed(handler v1.ProbeHandler) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) { vmi.Spec.LivenessProbe = &v1.Probe{ProbeHandler: handler} }
}

func withoutACPI(vmi *v1.VirtualMachineInstance) {
	vmi.Spec.Domain.Features = &v1.Features{ACPI: v1.FeatureState{Enabled: ptr(false)}}
}

func inSnapshot(vm *v1.VirtualMachine) { vm.Status.SnapshotInProgress = ptr("nightly") }

func TestGuestVerbs(t *testing.T) {
	unpause := func(vm *v1.VirtualMachine) func(*v1.VirtualMachineInstance) error {
		return func(vmi *v1.VirtualMachineInstance) error { return mayUnpause(vm, vmi) }
	}
	for _, c := range []struct {
		name  string
		may   func(*v1.VirtualMachineInstance) error
		vmi   *v1.VirtualMachineInstance
		code  int32
		fails string
	}{
		{"pause", mayPause, guest(), 0, ""},
		{"pause what does not run yet", mayPause, guest(in(v1.VMIPhaseScheduled)), 409, "wait until it does"},
		{"pause what has ended", mayPause, guest(in(v1.VMIPhaseFailed)), 409, "start it first"},
		{"pause again", mayPause, guest(paused), 409, "already paused"},
		{"pause under a probe", mayPause, guest(probed(v1.ProbeHandler{})), 403, "spec.livenessProbe"},
		{"pause under the agent's probe", mayPause, guest(probed(v1.ProbeHandler{GuestAgentPing: &v1.GuestAgentPing{}})), 0, ""},
		{"unpause", unpause(nil), guest(paused), 0, ""},
		{"unpause a machine", unpause(machine(nil, v1.RunStrategyAlways)), guest(paused), 0, ""},
		{"unpause during a snapshot", unpause(machine(nil, v1.RunStrategyAlways, inSnapshot)), guest(paused), 409, "nightly"},
		{"unpause what is not paused", unpause(nil), guest(), 409, "not paused"},
		{"unpause what does not run", unpause(nil), guest(in(v1.VMIPhaseScheduling), paused), 409, "wait until it does"},
		{"freeze", mayFreeze, guest(agent), 0, ""},
		{"freeze without an agent", mayFreeze, guest(), 500, "the guest agent is not connected"},
		{"freeze a paused guest", mayFreeze, guest(agent, paused), 500, "unpause it first"},
		{"freeze what does not run", mayFreeze, guest(agent, in(v1.VMIPhaseSucceeded)), 409, "start it first"},
		{"reset", mayReset, guest(), 0, ""},
		{"reset a paused guest", mayReset, guest(paused), 0, ""},
		{"reset what does not run", mayReset, guest(in(v1.VMIPhaseSucceeded)), 400, "start it first"},
		{"soft reboot", maySoftReboot, guest(), 0, ""},
		{"soft reboot what does not run", maySoftReboot, guest(in(v1.VMIPhaseUnset)), 409, "wait until it does"},
		{"soft reboot a paused guest", maySoftReboot, guest(paused), 409, "unpause it first"},
		{"soft reboot by the agent alone", maySoftReboot, guest(agent, withoutACPI), 0, ""},
		{"soft reboot by nobody", maySoftReboot, guest(withoutACPI), 409, "spec.domain.features.acpi"},
	} {
		t.Run(c.name, func(t *testing.T) { wantFailure(t, c.may(c.vmi), c.code, c.fails) })
	}
}

func wantFailure(t *testing.T, err error, code int32, fails string) {
	t.Helper()
	if code == 0 {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Code != code || !strings.Contains(err.Error(), fails) {
		t.Errorf("got %v, want %d with %q", err, code, fails)
	}
}

func TestThawAfterSeconds(t *testing.T) {
	for text, want := range map[string]uint32{
		"": 300, "0s": 300, "1s": 1, "1m30s": 90, "1500ms": 2, "1ms": 1,
	} {
		var options subresourcesv1.FreezeUnfreezeTimeout
		if text != "" {
			d, err := time.ParseDuration(text)
			if err != nil {
				t.Fatal(err)
			}
			options.UnfreezeTimeout = &metav1.Duration{Duration: d}
		}
		if got, err := thawAfterSeconds(options); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, d := range []time.Duration{-time.Second, 1 << 62} {
		_, err := thawAfterSeconds(subresourcesv1.FreezeUnfreezeTimeout{UnfreezeTimeout: &metav1.Duration{Duration: d}})
		wantFailure(t, err, 400, "unfreezeTimeout")
	}
}

func TestSignalFailure(t *testing.T) {
	const pause, freeze, reset = protocol.Action_ACTION_PAUSE, protocol.Action_ACTION_FREEZE, protocol.Action_ACTION_RESET
	said := func(code codes.Code) error { return status.Error(code, "said so") }
	for _, c := range []struct {
		action protocol.Action
		err    error
		code   int32
		fails  string
	}{
		{pause, nil, 0, ""},
		{pause, said(codes.FailedPrecondition), 409, "said so"},
		{protocol.Action_ACTION_RESUME, said(codes.FailedPrecondition), 409, "said so"},
		{protocol.Action_ACTION_REBOOT, said(codes.FailedPrecondition), 409, "said so"},
		{freeze, said(codes.FailedPrecondition), 500, "said so"},
		{protocol.Action_ACTION_UNFREEZE, said(codes.FailedPrecondition), 500, "said so"},
		{reset, said(codes.FailedPrecondition), 500, "said so"},
		{pause, said(codes.NotFound), 500, "no longer on node node01"},
		{pause, said(codes.Unavailable), 500, "node node01 of the guest cannot be reached, try again: said so"},
		{pause, said(codes.DeadlineExceeded), 500, "did not answer"},
		{freeze, said(codes.Internal), 500, "said so"},
		{pause, said(codes.InvalidArgument), 500, "said so"},
		{pause, errors.New("no certificate"), 500, "no certificate"},
	} {
		wantFailure(t, signalFailure(guest(), c.action, c.err), c.code, c.fails)
	}
}

// oneHandler is a cluster whose only virt-handler is on node02.
type oneHandler struct{ client.Reader }

func (oneHandler) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	wanted := (&client.ListOptions{}).ApplyOptions(options)
	pod := corev1.Pod{Spec: corev1.PodSpec{NodeName: "node02"}, Status: corev1.PodStatus{PodIP: "10.0.0.1"}}
	if wanted.FieldSelector.Matches(fields.Set{byNode: pod.Spec.NodeName}) {
		list.(*corev1.PodList).Items = []corev1.Pod{pod}
	}
	return nil
}

func TestNoHandler(t *testing.T) {
	s := &server{guests: &handlers{pods: oneHandler{}}}
	err := s.signal(t.Context(), guest(), &protocol.SignalRequest{Action: protocol.Action_ACTION_PAUSE})
	wantFailure(t, err, 400, "no virt-handler runs on node node01")
	if at, err := (&handlers{pods: oneHandler{}, port: 8186}).address(t.Context(), "node02"); at != "10.0.0.1:8186" {
		t.Errorf("that of node02 is at %q, %v", at, err)
	}
}

// unwilling is an API server that answers virt-api with an error.
type unwilling struct {
	client.Client
	err error
}

func (f unwilling) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return f.err
}

// What keeps virt-api from reading is its own trouble, and is not passed on.
func TestReadFailures(t *testing.T) {
	group := schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachines"}
	mine := errors.New(`User "system:serviceaccount:kubevirt:kubevirt-apiserver" cannot get resource "virtualmachines"`)
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"not found":  {apierrors.NewNotFound(group, "myvm"), 404},
		"forbidden":  {apierrors.NewForbidden(group, "myvm", mine), 500},
		"overloaded": {apierrors.NewTooManyRequests("kubevirt-apiserver asks too much", 1), 500},
		"no answer":  {errors.New("dial tcp: kubevirt-apiserver"), 500},
	} {
		for _, row := range []*route{
			findRoute(http.MethodPut, machines, "start"), findRoute(http.MethodPut, instances, "pause"), findRoute(http.MethodGet, machines, "explain"),
			findRoute(http.MethodGet, machines, "portforward"), findRoute(http.MethodGet, instances, "console"),
		} {
			answer := httptest.NewRecorder()
			s := &server{client: unwilling{err: c.err}, log: logr.Discard()}
			row.handle(s, answer, httptest.NewRequest(row.method, "/", http.NoBody), target{namespace: "ns", name: "myvm", port: "22"})
			if answer.Code != c.code || strings.Contains(answer.Body.String(), "kubevirt-apiserver") {
				t.Errorf("%s, %s: %d %s, want %d", row.subresource, name, answer.Code, answer.Body, c.code)
			}
		}
	}
}

// node is a virt-handler that remembers what it was asked.
type node struct {
	asked []*protocol.SignalRequest
	err   error
}

func (n *node) signal(_ context.Context, name string, request *protocol.SignalRequest) error {
	if name != "node01" {
		return errors.New("asked on node " + name)
	}
	n.asked = append(n.asked, request)
	return n.err
}

// cluster holds one instance, or none.
type cluster struct {
	client.Client
	vmi *v1.VirtualMachineInstance
	vm  *v1.VirtualMachine
}

func (c cluster) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	if found, isMachine := object.(*v1.VirtualMachine); isMachine && c.vm != nil && key == client.ObjectKeyFromObject(c.vm) {
		c.vm.DeepCopyInto(found)
		return nil
	}
	found, isInstance := object.(*v1.VirtualMachineInstance)
	if !isInstance || c.vmi == nil || key != client.ObjectKeyFromObject(c.vmi) {
		return apierrors.NewNotFound(resource("virtualmachineinstances"), key.Name)
	}
	c.vmi.DeepCopyInto(found)
	return nil
}

// TestGuestRequests goes from the request to the node and back.
func TestGuestRequests(t *testing.T) {
	request := func(action protocol.Action, thawAfter uint32) *protocol.SignalRequest {
		return &protocol.SignalRequest{Namespace: "ns", Name: "myvm", Uid: "one", Action: action, ThawAfterSeconds: thawAfter}
	}
	const dryRun = `{"dryRun":["All"]}`
	for _, c := range []struct {
		subresource, body string
		vmi               *v1.VirtualMachineInstance
		code              int
		want              *protocol.SignalRequest
	}{
		{"pause", "", guest(), 200, request(protocol.Action_ACTION_PAUSE, 0)},
		{"pause", dryRun, guest(), 200, nil},
		{"pause", dryRun, guest(paused), 409, nil},
		{"pause", `{"dryRun":["Some"]}`, guest(), 400, nil},
		{"pause", "", nil, 404, nil},
		{"unpause", "{}", guest(paused), 200, request(protocol.Action_ACTION_RESUME, 0)},
		{"unpause", dryRun, guest(paused), 200, nil},
		{"freeze", "", guest(agent), 200, request(protocol.Action_ACTION_FREEZE, 300)},
		{"freeze", `{"unfreezeTimeout":"90s"}`, guest(agent), 200, request(protocol.Action_ACTION_FREEZE, 90)},
		{"freeze", `{"unfreezeTimeout":"soon"}`, guest(agent), 400, nil},
		{"freeze", "", guest(), 500, nil},
		{"unfreeze", "", guest(agent), 200, request(protocol.Action_ACTION_UNFREEZE, 0)},
		{"reset", "", guest(), 200, request(protocol.Action_ACTION_RESET, 0)},
		{"reset", "", nil, 404, nil},
		{"softreboot", "", guest(), 200, request(protocol.Action_ACTION_REBOOT, 0)},
	} {
		asked := &node{}
		s := &server{client: cluster{vmi: c.vmi}, guests: asked, log: logr.Discard()}
		answer := httptest.NewRecorder()
		row := findRoute(http.MethodPut, instances, c.subresource)
		row.serve(s, answer, httptest.NewRequest(http.MethodPut, "/", strings.NewReader(c.body)), target{namespace: "ns", name: "myvm"})
		if answer.Code != c.code {
			t.Errorf("%s %s: %d %s, want %d", c.subresource, c.body, answer.Code, answer.Body, c.code)
		}
		if c.want == nil && len(asked.asked) != 0 || c.want != nil && (len(asked.asked) != 1 || !proto.Equal(asked.asked[0], c.want)) {
			got, _ := json.Marshal(asked.asked)
			t.Errorf("%s %s: the node was asked %s", c.subresource, c.body, got)
		}
	}
}
