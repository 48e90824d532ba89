// Package kernel turns settings of a node's kernel and kubelet into labels.
package kernel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Paths say where to look; a file that cannot be read counts as off.
type Paths struct {
	// Sys and Proc are the node's sysfs and procfs.
	Sys, Proc string
	// Kubelet is the kubelet's directory.
	Kubelet string
}

// Labels reads the settings anew at each call: an administrator may change them.
func Labels(paths Paths) map[string]string {
	static := strconv.FormatBool(staticCPUs(filepath.Join(paths.Kubelet, "cpu_manager_state")))
	labels := map[string]string{
		v1.LabelCPUManager:       static,
		v1.LabelCPUManagerLegacy: static,
		v1.LabelKSMEnabled:       strconv.FormatBool(holds(filepath.Join(paths.Sys, "kernel/mm/ksm/run"), "1")),
	}
	if holds(filepath.Join(paths.Proc, "sys/kernel/sched_rt_runtime_us"), "-1") {
		labels[v1.LabelRealtime] = "true"
	}
	return labels
}

func holds(path, value string) bool {
	content, err := os.ReadFile(path)
	return err == nil && strings.TrimSpace(string(content)) == value
}

// staticCPUs tells whether the kubelet gives out whole CPUs.
func staticCPUs(state string) bool {
	content, err := os.ReadFile(state)
	var manager struct {
		PolicyName string `json:"policyName"`
	}
	return err == nil && json.Unmarshal(content, &manager) == nil && manager.PolicyName == "static"
}
