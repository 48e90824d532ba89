package webhook

import (
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/patch"
)

// handlerWrite says whether the virt-handler of a node may turn an instance from old
// into vmi: a node that was taken over is not to reach the guests of the others.
func handlerWrite(node string, old, vmi *v1.VirtualMachineInstance) error {
	if node == "" {
		return fmt.Errorf("the token of this virt-handler names no node: it may not write any instance")
	}
	if node != old.Status.NodeName && node != targetNode(old) {
		return fmt.Errorf("the virt-handler of node %s may not write an instance on node %q", node, old.Status.NodeName)
	}
	for what, names := range map[string][2]string{
		"status.nodeName":                          {old.Status.NodeName, vmi.Status.NodeName},
		"label " + v1.LabelNodeName:                {old.Labels[v1.LabelNodeName], vmi.Labels[v1.LabelNodeName]},
		"label " + v1.LabelMigrationTargetNodeName: {old.Labels[v1.LabelMigrationTargetNodeName], vmi.Labels[v1.LabelMigrationTargetNodeName]},
	} {
		if names[0] != names[1] && names[1] != node {
			return fmt.Errorf("the virt-handler of node %s may not set %s to %q", node, what, names[1])
		}
	}
	if targetNode(old) != targetNode(vmi) {
		return fmt.Errorf("a virt-handler may not set status.migrationState.targetNode")
	}
	if !apiequality.Semantic.DeepEqual(old.Annotations, vmi.Annotations) {
		return fmt.Errorf("a virt-handler may not change annotations of an instance")
	}
	return patch.Permitted(old, vmi, patch.Handler)
}

func targetNode(vmi *v1.VirtualMachineInstance) string {
	if vmi.Status.MigrationState == nil {
		return ""
	}
	return vmi.Status.MigrationState.TargetNode
}
