package agent

import (
	"context"
	"path/filepath"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/device"
	"kubevirt.io/kubevirt/handler/disk"
	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/event"
)

// launcherUser runs the launcher, libvirt and QEMU.
const launcherUser = 107

// socketsVolume is the pod's volume in which container disks serve their sockets.
const socketsVolume = "container-disks"

// Node prepares launcher pods on the node that this process runs on.
type Node struct {
	Finder  launcherclient.Finder
	Network network.Pods
	Devices *disk.Devices
	// Config returns the cluster's configuration in effect.
	Config func() *clusterconfig.Config
	// Events takes events about instances.
	Events event.Recorder
}

// Prepare implements Preparer.
func (n Node) Prepare(ctx context.Context, vmi *v1.VirtualMachineInstance, launcher *launcherclient.Launcher) (Prepared, error) {
	plan, err := network.PlanFor(vmi, n.Config().BindingPlugins)
	if err != nil {
		return Prepared{}, err
	}
	root, err := launcher.Process.Root()
	if err != nil {
		return Prepared{}, err
	}
	defer root.Close()
	if err := device.Grant(root, launcherUser); err != nil {
		return Prepared{}, err
	}
	namespace, err := launcher.Process.Namespace("net")
	if err != nil {
		return Prepared{}, err
	}
	defer namespace.Close()
	facts, err := n.Network.Ensure(namespace, plan)
	if err != nil {
		return Prepared{}, err
	}
	pod := disk.Pod{
		UID: launcher.PodUID, Launcher: launcher.Process, User: launcherUser, Cgroups: n.Finder.Cgroups,
		Sockets: n.Finder.EmptyDir(launcher.PodUID, socketsVolume), Devices: n.Devices,
		Directory: filepath.Join(n.Finder.Pods, launcher.PodUID), Space: n.Config().DiskSpace,
		Smaller: func(path string, asked, made int64) { n.Events.Emit(vmi, toleratedSmall(path, asked, made)) },
	}
	volumes, err := disk.Resolve(ctx, vmi, pod)
	if err != nil {
		return Prepared{}, err
	}
	kernel, err := disk.KernelBoot(ctx, vmi, pod)
	if err != nil {
		return Prepared{}, err
	}
	return Prepared{Network: &facts, Volumes: volumes, KernelBoot: kernel, KVM: device.In(root, device.KVM)}, nil
}

// Inspect implements Preparer.
func (n Node) Inspect(vmi *v1.VirtualMachineInstance, launcher *launcherclient.Launcher) (Prepared, error) {
	plan, err := network.PlanOf(vmi, n.Config().BindingPlugins)
	if err != nil {
		return Prepared{}, err
	}
	root, err := launcher.Process.Root()
	if err != nil {
		return Prepared{}, err
	}
	defer root.Close()
	namespace, err := launcher.Process.Namespace("net")
	if err != nil {
		return Prepared{}, err
	}
	defer namespace.Close()
	facts, err := network.Inspect(namespace, plan)
	if err != nil {
		return Prepared{}, err
	}
	return Prepared{Network: &facts, KVM: device.In(root, device.KVM)}, nil
}
