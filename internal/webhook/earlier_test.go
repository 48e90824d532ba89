package webhook

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// What an earlier version accepted may be refused by this one. It can still be
// stopped, scaled down and labelled; only what is wrong anew is refused.
func TestObjectsOfAnEarlierVersionStayWritable(t *testing.T) {
	missing := v1.Volume{Name: "unused", VolumeSource: v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{}}}
	vm := builder.VM("ns", "vm", v1.RunStrategyAlways)
	vm.Spec.Template.Spec.Volumes = append(vm.Spec.Template.Spec.Volumes, missing)
	stopped, worse, mended := vm.DeepCopy(), vm.DeepCopy(), vm.DeepCopy()
	halted := v1.RunStrategyHalted
	stopped.Spec.RunStrategy, worse.Spec.RunStrategy = &halted, nil
	mended.Spec.Template.Spec.Volumes = mended.Spec.Template.Spec.Volumes[:len(mended.Spec.Template.Spec.Volumes)-1]

	set := builder.ReplicaSet("ns", "set", 3, builder.Label("app", "x"))
	set.Spec.Template.Spec.Volumes = append(set.Spec.Template.Spec.Volumes, missing)
	none := set.DeepCopy()
	none.Spec.Replicas = new(int32)

	pool := builder.Pool("ns", "pool", 2, v1.RunStrategyAlways, builder.Label("app", "x"))
	pool.Spec.VirtualMachineTemplate.Spec.Template.Spec.Volumes = append(pool.Spec.VirtualMachineTemplate.Spec.Template.Spec.Volumes, missing)
	empty := pool.DeepCopy()
	empty.Spec.Replicas = new(int32)

	const machines = "/virtualmachines-validate"
	for name, c := range map[string]struct {
		path        string
		object, old any
		refused     string
	}{
		"a new machine":                     {machines, vm, nil, "volumes"},
		"the machine stopped":               {machines, stopped, vm, ""},
		"the machine mended":                {machines, mended, vm, ""},
		"the machine with one more mistake": {machines, worse, vm, "spec.runStrategy"},
		"a good machine made wrong":         {machines, vm, mended, "volumes"},
		"a new replica set":                 {"/virtualmachinereplicaset-validate", set, nil, "volumes"},
		"the replica set without a replica": {"/virtualmachinereplicaset-validate", none, set, ""},
		"a new pool":                        {"/virtualmachinepool-validate", pool, nil, "volumes"},
		"the pool scaled to nothing":        {"/virtualmachinepool-validate", empty, pool, ""},
	} {
		t.Run(name, func(t *testing.T) {
			response := ask(t, c.path, user, c.object, c.old)
			if response.Allowed != (c.refused == "") {
				t.Fatalf("allowed %v: %v", response.Allowed, response.Result)
			}
			if c.refused != "" && !strings.Contains(response.Result.Message, c.refused) {
				t.Errorf("message %q does not name %q", response.Result.Message, c.refused)
			}
		})
	}
}
