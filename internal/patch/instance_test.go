package patch

import (
	"encoding/json"
	"errors"
	"maps"
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
		"the controller sizes a disk": {Controller, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "a", Size: 1}}
		}, `volume status field "size"`},
		"the handler speaks of a claim": {Handler, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "a", PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{}}}
		}, `"persistentVolumeClaimInfo"`},
		"the handler says what a volume waits for": {Handler, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "a", Phase: v1.VolumePhasePending}}
		}, `volume phase "Pending"`},
		"the controller dumps memory": {Controller, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.VolumeStatus = []v1.VolumeStatus{{Name: "a", Phase: v1.VolumePhaseMemoryDumpCompleted}}
		}, `volume phase "MemoryDumpCompleted"`},
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

// Every field of the status has an owner, and the tables have no other row.
func TestEveryStatusFieldHasAnOwner(t *testing.T) {
	for _, c := range []struct {
		of    reflect.Type
		table map[string]Owner
	}{
		{reflect.TypeFor[v1.VirtualMachineInstanceStatus](), statusOwner},
		{reflect.TypeFor[v1.VolumeStatus](), volumeOwner},
	} {
		rows := maps.Clone(c.table)
		for i := range c.of.NumField() {
			name, _, _ := strings.Cut(c.of.Field(i).Tag.Get("json"), ",")
			if rows[name] == 0 {
				t.Errorf("%s: %s has no owner", c.of.Name(), name)
			}
			delete(rows, name)
		}
		for name := range rows {
			t.Errorf("%s: the table names %s, which does not exist", c.of.Name(), name)
		}
	}
}

// The handler adds what it knows to the entries, and takes none of them away.
func TestVolumesOfTwoWriters(t *testing.T) {
	volumes := func(list ...v1.VolumeStatus) *v1.VirtualMachineInstance {
		return instance(func(vmi *v1.VirtualMachineInstance) { vmi.Status.VolumeStatus = list })
	}
	claim := v1.VolumeStatus{Name: "a", PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{ClaimName: "c"}}
	attached := claim
	attached.Target, attached.Size = "vda", 1
	if err := Permitted(volumes(claim), volumes(attached, v1.VolumeStatus{Name: "b", Target: "vdb"}), Handler); err != nil {
		t.Errorf("the handler may not tell of disks: %v", err)
	}
	if err := Permitted(volumes(attached), volumes(claim), Controller); err == nil {
		t.Error("the controller may forget what the handler told")
	}
	if err := Permitted(volumes(attached), volumes(), Controller); err != nil {
		t.Errorf("the controller may not forget a volume that is gone: %v", err)
	}
	if err := Permitted(volumes(attached), volumes(), Handler); err == nil {
		t.Error("the handler may forget a volume")
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
