package webhook

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	"kubevirt.io/kubevirt/test/builder"
)

func TestPool(t *testing.T) {
	good := builder.Pool("ns", "pool", 2, v1.RunStrategyAlways, builder.Label("app", "x"))
	bad, moved := good.DeepCopy(), good.DeepCopy()
	bad.Spec.VirtualMachineTemplate.Spec.RunStrategy = nil
	moved.Spec.VirtualMachineTemplate.Metadata.Labels["app"] = "y"
	moved.Spec.Selector.MatchLabels["app"] = "y"
	labelled := bad.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	for name, c := range map[string]struct {
		object, old *poolv1beta1.VirtualMachinePool
		refused     string
	}{
		"new":                            {good, nil, ""},
		"new and wrong":                  {bad, nil, "spec.virtualMachineTemplate.spec.runStrategy"},
		"changed to wrong":               {bad, good, "spec.virtualMachineTemplate.spec.runStrategy"},
		"with another selector":          {moved, good, "spec.selector: Forbidden: cannot be changed"},
		"unchanged, of an earlier time":  {labelled, bad, ""},
		"changed, of an earlier version": {good, bad, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var old any
			if c.old != nil {
				old = c.old
			}
			response := ask(t, "/virtualmachinepool-validate", user, c.object, old)
			if response.Allowed != (c.refused == "") {
				t.Fatalf("allowed %v: %v", response.Allowed, response.Result)
			}
			if c.refused != "" && !strings.Contains(response.Result.Message, c.refused) {
				t.Errorf("message %q does not name %q", response.Result.Message, c.refused)
			}
		})
	}
}
