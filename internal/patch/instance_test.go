package patch

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func instance(change func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "b", UID: "u", ResourceVersion: "7", Finalizers: []string{v1.FinalizerVMI}},
		Status: v1.VirtualMachineInstanceStatus{
			Phase:       v1.VMIPhaseScheduling,
			RuntimeUser: 107,
			Conditions:  []v1.Condition{{Type: v1.ConditionReady, Status: corev1.ConditionFalse}},
		},
	}
	if change != nil {
		change(vmi)
	}
	return vmi
}

type change = func(*v1.VirtualMachineInstance)

// Applying the operations must turn one state into the other, and must fail when
// another writer has changed something that is replaced, and only then.
func TestOperations(t *testing.T) {
	scheduled := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase, vmi.Status.NodeName = v1.VMIPhaseScheduled, "node01"
		vmi.Labels = map[string]string{v1.LabelNodeName: "node01"}
	}
	agent := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.Condition{Type: v1.ConditionAgentConnected, Status: corev1.ConditionTrue})
	}
	addresses := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{Name: "default", IP: "10.0.0.1"}}
	}
	ready := func(vmi *v1.VirtualMachineInstance) { vmi.Status.Conditions[0].Status = corev1.ConditionTrue }
	failed := func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseFailed }
	cases := map[string]struct {
		by                 Owner
		before, ours       change
		theirs             change
		disturbed, nothing bool
	}{
		"nothing":                             {by: Controller, nothing: true},
		"a phase, a node and the first label": {by: Controller, ours: scheduled},
		"a label among others":                {by: Controller, before: func(vmi *v1.VirtualMachineInstance) { vmi.Labels = map[string]string{"x/y": "z"} }, ours: func(vmi *v1.VirtualMachineInstance) { vmi.Labels[v1.LabelNodeName] = "n" }},
		"the last finalizer with the phase":   {by: Controller, ours: func(vmi *v1.VirtualMachineInstance) { failed(vmi); vmi.Finalizers = nil }},
		"another's field in between":          {by: Controller, ours: scheduled, theirs: addresses},
		"another's condition in between":      {by: Controller, ours: ready, theirs: agent, disturbed: true},
		"another's phase in between":          {by: Controller, ours: scheduled, theirs: failed, disturbed: true},
		"a condition leaves the phase alone":  {by: Controller, ours: ready, theirs: failed},
		"no status yet":                       {by: Controller, before: func(vmi *v1.VirtualMachineInstance) { vmi.Status = v1.VirtualMachineInstanceStatus{} }, ours: scheduled},
		"a field removed":                     {by: Controller, before: scheduled, ours: func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "" }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			before := instance(c.before)
			after, server := before.DeepCopy(), before.DeepCopy()
			if c.ours != nil {
				c.ours(after)
			}
			if c.theirs != nil {
				c.theirs(server)
			}
			ops, err := operations(before, after, c.by, byContent)
			if err != nil {
				t.Fatal(err)
			}
			if (len(ops) == 0) != c.nothing {
				t.Fatalf("operations: %v", ops)
			}
			if c.nothing {
				return
			}
			got, err := apply(t, server, ops)
			if c.disturbed {
				if !errors.Is(err, jsonpatch.ErrTestFailed) {
					t.Fatalf("want a failed test, got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := after.DeepCopy()
			if c.theirs != nil {
				c.theirs(want)
				want.Status.Phase = server.Status.Phase
				if before.Status.Phase != after.Status.Phase {
					want.Status.Phase = after.Status.Phase
				}
			}
			if !equality.Semantic.DeepEqual(got, want) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

func apply(t *testing.T, server *v1.VirtualMachineInstance, ops []Operation) (*v1.VirtualMachineInstance, error) {
	t.Helper()
	doc, err := json.Marshal(server)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(ops)
	if err != nil {
		t.Fatal(err)
	}
	p, err := jsonpatch.DecodePatch(data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Apply(doc)
	if err != nil {
		return nil, err
	}
	vmi := &v1.VirtualMachineInstance{}
	if err := json.Unmarshal(out, vmi); err != nil {
		t.Fatal(err)
	}
	return vmi, nil
}

func TestOverstepping(t *testing.T) {
	cases := map[string]struct {
		by     Owner
		change change
		want   string
	}{
		"the controller starts the guest":   {Controller, func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseRunning }, `phase "Running"`},
		"the handler schedules":             {Handler, func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseScheduled }, `phase "Scheduled"`},
		"the handler says it is ready":      {Handler, func(vmi *v1.VirtualMachineInstance) { vmi.Status.Conditions[0].Status = "True" }, `condition "Ready"`},
		"the handler removes a condition":   {Handler, func(vmi *v1.VirtualMachineInstance) { vmi.Status.Conditions = nil }, `condition "Ready"`},
		"the handler removes the finalizer": {Handler, func(vmi *v1.VirtualMachineInstance) { vmi.Finalizers = nil }, "finalizers"},
		"the handler counts pods":           {Handler, func(vmi *v1.VirtualMachineInstance) { vmi.Status.ActivePods = map[types.UID]string{"x": "n"} }, `"activePods"`},
		"the controller changes addresses": {Controller, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.Interfaces = make([]v1.VirtualMachineInstanceNetworkInterface, 1)
		}, `"interfaces"`},
		"a label of the user's": {Controller, func(vmi *v1.VirtualMachineInstance) { vmi.Labels = map[string]string{"app": "x"} }, `label "app"`},
		"the spec":              {Controller, func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Hostname = "x" }, "spec"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ops, err := operations(instance(nil), instance(c.change), c.by, byContent)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error about %s, got %v and %v", c.want, err, ops)
			}
		})
	}
}

// Every field of the status has an owner, and the table has no other row.
func TestEveryStatusFieldHasAnOwner(t *testing.T) {
	rows := map[string]bool{}
	for name := range statusOwner {
		rows[name] = true
	}
	status := reflect.TypeFor[v1.VirtualMachineInstanceStatus]()
	for i := range status.NumField() {
		name, _, _ := strings.Cut(status.Field(i).Tag.Get("json"), ",")
		if !rows[name] {
			t.Errorf("status.%s has no owner", name)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("the table names status.%s, which does not exist", name)
	}
}

func TestRetryGoesByVersion(t *testing.T) {
	ops, err := operations(instance(nil), instance(func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseFailed }), Controller, byVersion)
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 2 || ops[0].Path != "/metadata/resourceVersion" || string(ops[0].Value.(json.RawMessage)) != `"7"` {
		t.Errorf("operations: %v", ops)
	}
}
