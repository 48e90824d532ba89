package webhook

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func TestHandlerWrite(t *testing.T) {
	type change func(*v1.VirtualMachineInstance)
	running := func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhaseRunning }
	migrating := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.MigrationState = &v1.VirtualMachineInstanceMigrationState{TargetNode: "node02"}
	}
	moved := func(node string) change {
		return func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.NodeName = node
			vmi.Labels = map[string]string{v1.LabelNodeName: node}
		}
	}
	for name, c := range map[string]struct {
		node           string
		before, change change
		refused        string
	}{
		"its own":                     {"node01", nil, running, ""},
		"another's":                   {"node02", nil, running, `node02 may not write an instance on node "node01"`},
		"nobody's":                    {"node02", func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "" }, running, "may not write"},
		"of no node":                  {"", nil, running, "names no node"},
		"one that comes":              {"node02", migrating, moved("node02"), ""},
		"one that comes, for a third": {"node02", migrating, moved("node03"), "may not set"},
		"its own, given away":         {"node01", nil, moved("node02"), "may not set"},
		"its own, to be migrated":     {"node01", nil, migrating, "targetNode"},
		"its own's target, elsewhere": {"node01", migrating, func(vmi *v1.VirtualMachineInstance) { vmi.Status.MigrationState.TargetNode = "node03" }, "targetNode"},
		"its own's spec":              {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Hostname = "x" }, "spec"},
		"its own's label":             {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Labels = map[string]string{"app": "x"} }, `label "app"`},
		"its own's annotation":        {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Annotations = map[string]string{"a": "b"} }, "annotations"},
		"its own's finalizer":         {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Finalizers = nil }, "finalizers"},
		"its own, to be left":         {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Status.EvacuationNodeName = "node01" }, "evacuationNodeName"},
		"its own, back to the start":  {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.VMIPhasePending }, "phase"},
		"its own's launchers":         {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Status.ActivePods = nil }, "activePods"},
		"its own's user":              {"node01", nil, func(vmi *v1.VirtualMachineInstance) { vmi.Status.RuntimeUser = 0 }, "runtimeUser"},
		"its own's readiness, as ours": {"node01", nil, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: corev1.ConditionTrue}}
		}, "Ready"},
	} {
		t.Run(name, func(t *testing.T) {
			old := parse(t, base)
			old.Finalizers = []string{v1.FinalizerVMI}
			old.Status.Phase, old.Status.NodeName, old.Status.RuntimeUser = v1.VMIPhaseScheduled, "node01", 107
			old.Status.ActivePods = map[types.UID]string{"uid": "node01"}
			if c.before != nil {
				c.before(old)
			}
			vmi := old.DeepCopy()
			c.change(vmi)
			err := handlerWrite(c.node, old, vmi)
			if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %v, want %q", err, c.refused)
			}
		})
	}
}
