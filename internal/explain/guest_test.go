package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func guestStories() []story {
	starting := func(name, reason, handler, message, says string) story {
		return story{
			name: name, causes: causes(reason), says: says, facts: scene(v1.RunStrategyAlways,
				instance(v1.VMIPhaseScheduled, time.Minute, unsynchronized(handler, message)), launcher(corev1.PodRunning, time.Minute)),
		}
	}
	running := func(changes ...func(*v1.VirtualMachineInstance)) change {
		return instance(v1.VMIPhaseRunning, time.Hour, changes...)
	}
	asksAgent := spec(func(s *v1.VirtualMachineInstanceSpec) {
		s.ReadinessProbe = &v1.Probe{ProbeHandler: v1.ProbeHandler{GuestAgentPing: &v1.GuestAgentPing{}}}
	})
	pod := launcher(corev1.PodRunning, time.Hour)
	return []story{
		starting("disk locked", v1.CauseDiskLocked, reasonStarting,
			`internal error: process exited while connecting to monitor: Failed to get "write" lock. Is another process using the image [/dev/data]?`, "another process"),
		starting("disk no qcow2", v1.CauseDiskInvalid, reasonStarting, "Could not open '/disk.img': Image is not in qcow2 format",
			"cannot be read"),
		starting("no kvm", v1.CauseHypervisorUnavailable, reasonStarting, "Could not access KVM kernel module: Permission denied",
			"virtual CPUs"),
		starting("no memory", v1.CauseHostMemoryExhausted, reasonStarting,
			"cannot set up guest memory 'pc.ram': Cannot allocate memory", "memory"),
		starting("domain refused", v1.CauseStartFailed, reasonStarting,
			"unsupported configuration: machine type 'x' does not support ACPI", "unsupported configuration"),
		starting("not prepared", v1.CausePreparationFailed, reasonPreparing, "volume root: the image has no disk", "no disk"),
		{name: "io error", causes: causes(v1.CauseGuestPausedByIOError), facts: scene(v1.RunStrategyAlways, pod,
			running(unready10m, says(v1.ConditionPaused, corev1.ConditionTrue, v1.ReasonPausedIOError, "VMI was paused, IO error")))},
		{name: "paused", notes: causes(v1.CauseGuestPaused), facts: scene(v1.RunStrategyAlways, pod,
			running(unready10m, says(v1.ConditionPaused, corev1.ConditionTrue, v1.ReasonPausedByUser, "VMI was paused by user")))},
		{name: "agent missing", facts: scene(v1.RunStrategyAlways, asksAgent, pod, running(unready10m)),
			causes: causes(v1.CauseGuestAgentNotConnected)},
		{name: "readiness", causes: causes(v1.CauseReadinessProbeFailing), says: "60m",
			facts: scene(v1.RunStrategyAlways, spec(probed), pod, running(unready10m),
				podEvent("Unhealthy", "Readiness probe failed: connection refused"))},
		{name: "liveness", causes: causes(v1.CauseLivenessProbeFailing), facts: scene(v1.RunStrategyAlways, pod, running(unready10m),
			podEvent("Unhealthy", "Liveness probe failed: connection refused"))},
		{name: "not ready", facts: scene(v1.RunStrategyAlways, pod, running(unready10m)), causes: causes(v1.CauseNotReady),
			says: "unready status"},
	}
}

func migrationStories() []story {
	must := spec(func(s *v1.VirtualMachineInstanceSpec) { s.EvictionStrategy = ptr(v1.EvictionStrategyLiveMigrate) })
	bound := func(name, reason, says string, do func(*v1.VirtualMachineInstanceSpec)) story {
		return story{
			name: name, causes: causes(reason), says: says,
			facts: scene(v1.RunStrategyAlways, must, spec(do), instance(v1.VMIPhaseRunning, time.Hour, ready)),
		}
	}
	onClaim := []change{usesClaim(), claim(corev1.ClaimBound, time.Hour), instance(v1.VMIPhaseRunning, time.Hour, ready)}
	return []story{
		{name: "claim of one node", facts: scene(v1.RunStrategyAlways, append([]change{must}, onClaim...)...),
			causes: causes(v1.ReasonDisksNotLiveMigratable), says: "ReadWriteOnce"},
		{name: "claim of one node, where nobody has to move", facts: scene(v1.RunStrategyAlways, onClaim...),
			notes: causes(v1.ReasonDisksNotLiveMigratable)},
		bound("host disk", v1.CauseHostDiskNotLiveMigratable, "file of the node", func(s *v1.VirtualMachineInstanceSpec) {
			s.Volumes[0].VolumeSource = v1.VolumeSource{HostDisk: &v1.HostDisk{Path: "/disk"}}
		}),
		bound("bridge", v1.ReasonInterfaceNotLiveMigratable, "default", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}
		}),
		bound("sriov", v1.ReasonHostDeviceNotLiveMigratable, "default", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{SRIOV: &v1.InterfaceSRIOV{}}
		}),
		bound("device", v1.ReasonHostDeviceNotLiveMigratable, "device", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.HostDevices = []v1.HostDevice{{Name: "a"}}
		}),
		bound("gpu", v1.ReasonHostDeviceNotLiveMigratable, "graphics",
			func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.GPUs = []v1.GPU{{Name: "a"}} }),
		bound("virtiofs", v1.ReasonVirtIOFSNotLiveMigratable, "virtiofs", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Filesystems = []v1.Filesystem{{Name: "a"}}
		}),
		bound("passthrough", v1.ReasonCPUModeNotLiveMigratable, "host-passthrough", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.CPU = &v1.CPU{Model: "host-passthrough"}
		}),
		bound("hyper-v", v1.ReasonHypervPassthroughNotLiveMigratable, "Hyper-V", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Features = &v1.Features{HypervPassthrough: &v1.HyperVPassthrough{}}
		}),
		bound("sev", v1.ReasonSEVNotLiveMigratable, "SEV", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.LaunchSecurity = &v1.LaunchSecurity{SEV: &v1.SEV{}}
		}),
		bound("tdx", v1.ReasonTDXNotLiveMigratable, "TDX", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.LaunchSecurity = &v1.LaunchSecurity{TDX: &v1.TDX{}}
		}),
		{name: "another reason of the condition", causes: causes(v1.ReasonHotplugNotLiveMigratable), says: "hotplugged",
			facts: scene(v1.RunStrategyAlways, must,
				instance(v1.VMIPhaseRunning, time.Hour, says(v1.ConditionReady, corev1.ConditionTrue, "", ""),
					says(v1.ConditionLiveMigratable, corev1.ConditionFalse, v1.ReasonHotplugNotLiveMigratable, "a volume is hotplugged")))},
		{name: "migratable", facts: scene(v1.RunStrategyAlways, must, usesClaim(), claim(corev1.ClaimBound, time.Hour),
			instance(v1.VMIPhaseRunning, time.Hour, says(v1.ConditionReady, corev1.ConditionTrue, "", ""),
				says(v1.ConditionLiveMigratable, corev1.ConditionTrue, "", "")))},
	}
}
