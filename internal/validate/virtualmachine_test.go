package validate

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/test/builder"
)

func TestVirtualMachineUpdate(t *testing.T) {
	name := "copy"
	snapshot := v1.VirtualMachineStatus{SnapshotInProgress: &name}
	restore := v1.VirtualMachineStatus{RestoreInProgress: &name}
	volume := builder.EmptyDisk("more", "1Gi")
	grows := func(vm *v1.VirtualMachine) {
		vmi := &v1.VirtualMachineInstance{Spec: vm.Spec.Template.Spec}
		volume(vmi)
		vm.Spec.Template.Spec = vmi.Spec
	}
	stops := func(vm *v1.VirtualMachine) { halted := v1.RunStrategyHalted; vm.Spec.RunStrategy = &halted }
	renames := func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Hostname = "other" }
	for name, c := range map[string]struct {
		status v1.VirtualMachineStatus
		change func(*v1.VirtualMachine)
		// wants are parts of the errors, in their order.
		wants []string
	}{
		"nothing is under way":                 {v1.VirtualMachineStatus{}, grows, nil},
		"a volume in a snapshot":               {snapshot, grows, []string{"spec.template.spec.volumes: Forbidden: cannot be changed while the snapshot copy", "devices.disks"}},
		"the run strategy in a snapshot":       {snapshot, stops, []string{"spec.runStrategy: Forbidden"}},
		"something else in a snapshot":         {snapshot, renames, nil},
		"the run strategy in a restore":        {restore, stops, []string{"spec.runStrategy: Forbidden: cannot be changed while the restore copy"}},
		"a volume in a restore":                {restore, grows, nil},
		"the old way to say so, in a snapshot": {snapshot, func(vm *v1.VirtualMachine) { vm.Spec.Running = new(bool) }, []string{"spec.running: Forbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			old := builder.VM("ns", "vm", v1.RunStrategyAlways)
			old.Status = c.status
			vm := old.DeepCopy()
			c.change(vm)
			errs := VirtualMachineUpdate(old, vm)
			if len(errs) != len(c.wants) {
				t.Fatalf("got %v, want %q", errs, c.wants)
			}
			for i, want := range c.wants {
				if !strings.Contains(errs[i].Error(), want) {
					t.Errorf("got %v, want %q", errs[i], want)
				}
			}
		})
	}
}

// TestRebootPolicyNeedsItsGate switches off the one gate that an implemented field has.
func TestRebootPolicyNeedsItsGate(t *testing.T) {
	vmi := builder.VMI("ns", "vmi")
	ends := v1.RebootPolicyTerminate
	vmi.Spec.Domain.RebootPolicy = &ends
	for gate, refused := range map[string]bool{"": false, string(clusterconfig.GateRebootPolicy): true} {
		kv := &v1.KubeVirt{}
		kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{DisabledFeatureGates: []string{gate}}
		cfg := clusterconfig.New(kv)
		fill(vmi, cfg)
		errs := VirtualMachineInstance(vmi, cfg)
		if refused != (len(errs) == 1 && errs[0].Field == "spec.domain.rebootPolicy") || !refused && len(errs) > 0 {
			t.Errorf("without the gate %q: %v", gate, errs)
		}
	}
}
