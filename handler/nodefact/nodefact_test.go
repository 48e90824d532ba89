package nodefact

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kubevirt.io/kubevirt/handler/nodefact/kernel"
	"kubevirt.io/kubevirt/launcher/protocol"
)

func facts() *protocol.NodeFacts {
	return &protocol.NodeFacts{
		Arch:    "x86_64",
		HostCPU: protocol.HostCPU{Model: "EPYC", Vendor: "AMD", TSCFrequency: 2450000000, TSCScaling: true},
		Emulated: &protocol.Virtualization{
			HostModel: protocol.CPUModel{Name: "EPYC-Rome", Vendor: "AMD", Required: []string{"la57"}},
			Models:    []string{"EPYC-Rome", "qemu64"},
			Features:  []string{"sse2", "not a label"},
			Machines:  []protocol.Machine{{Name: "q35", Canonical: "pc-q35-10.0"}, {Name: "pc-q35-10.0"}},
			HyperV:    []string{"relaxed"}, SEV: true,
		},
	}
}

func node(t *testing.T, files map[string]string) kernel.Paths {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return kernel.Paths{Sys: root + "/sys", Proc: root + "/proc", Kubelet: root + "/kubelet"}
}

func TestLabelsOfAnEmulatingNode(t *testing.T) {
	got := Labels(facts(), node(t, nil), map[string]bool{"qemu64": true})
	want := map[string]string{
		"cpu-model.node.kubevirt.io/EPYC-Rome":               "true",
		"cpu-model-migration.node.kubevirt.io/EPYC-Rome":     "true",
		"cpu-feature.node.kubevirt.io/sse2":                  "true",
		"cpu-vendor.node.kubevirt.io/AMD":                    "true",
		"cpu-timer.node.kubevirt.io/tsc-frequency":           "2450000000",
		"cpu-timer.node.kubevirt.io/tsc-scalable":            "true",
		"host-model-cpu.node.kubevirt.io/EPYC-Rome":          "true",
		"host-model-required-features.node.kubevirt.io/la57": "true",
		"machine-type.node.kubevirt.io/q35":                  "true",
		"machine-type.node.kubevirt.io/pc-q35-10.0":          "true",
		"kubevirt.io/vm-arch-amd64":                          "true",
		"kubevirt.io/cpumanager":                             "false",
		"cpumanager":                                         "false",
		"kubevirt.io/ksm-enabled":                            "false",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestLabelsOfANodeWithKVM(t *testing.T) {
	f := facts()
	f.Accelerated = &protocol.Virtualization{
		HostModel: protocol.CPUModel{Name: "486"}, HyperV: []string{"synic", "stimer"}, SEV: true, SEVSNP: true, TDX: true,
	}
	got := Labels(f, node(t, map[string]string{
		"sys/kernel/mm/ksm/run": "1\n", "proc/sys/kernel/sched_rt_runtime_us": "-1\n",
		"kubelet/cpu_manager_state": `{"policyName":"static","defaultCpuSet":"0-1"}`,
	}), map[string]bool{"486": true})
	for _, name := range []string{
		"kubevirt.io/cpumanager", "cpumanager", "kubevirt.io/ksm-enabled", "kubevirt.io/realtime",
		"kubevirt.io/sev", "kubevirt.io/sev-snp", "kubevirt.io/tdx", "node-labeller.kubevirt.io/obsolete-host-model",
		"hyperv.node.kubevirt.io/base", "hyperv.node.kubevirt.io/time", "hyperv.node.kubevirt.io/synic",
		"hyperv.node.kubevirt.io/synic2", "hyperv.node.kubevirt.io/synictimer",
	} {
		if got[name] != "true" {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	for _, name := range []string{"kubevirt.io/sev-es", "cpu-model.node.kubevirt.io/EPYC-Rome", "hyperv.node.kubevirt.io/ipi"} {
		if value, found := got[name]; found {
			t.Errorf("%s is %q", name, value)
		}
	}
}

func TestChanges(t *testing.T) {
	present := map[string]string{
		"cpu-model.node.kubevirt.io/old": "true", "kubevirt.io/sev-snp": "true", "kubevirt.io/realtime": "true",
		"kubevirt.io/vm-arch-s390x": "true", "cpumanager": "false", "kubevirt.io/ksm-enabled": "true",
		"kubernetes.io/hostname": "n", "kubevirt.io/schedulable": "true", "scheduling.node.kubevirt.io/tsc-frequency-1": "true",
	}
	wanted := map[string]string{"cpumanager": "true", "kubevirt.io/ksm-enabled": "true", "machine-type.node.kubevirt.io/q35": "true"}
	changes := Changes(present, wanted)
	var removed, set []string
	for name, value := range changes {
		if value == nil {
			removed = append(removed, name)
		} else {
			set = append(set, name+"="+*value)
		}
	}
	slices.Sort(removed)
	slices.Sort(set)
	if !slices.Equal(removed, []string{"cpu-model.node.kubevirt.io/old", "kubevirt.io/realtime", "kubevirt.io/sev-snp", "kubevirt.io/vm-arch-s390x"}) {
		t.Errorf("removed %v", removed)
	}
	if !slices.Equal(set, []string{"cpumanager=true", "machine-type.node.kubevirt.io/q35=true"}) {
		t.Errorf("set %v", set)
	}
	if again := Changes(wanted, wanted); len(again) != 0 {
		t.Errorf("nothing to do, but %v", again)
	}
}
