// Package defaults fills in what a user left open, at admission. It is pure: the
// identifiers it invents come from the caller.
package defaults

import (
	"math"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const (
	// launcherUser is the uid that the launcher and the guest's process run as.
	launcherUser = 107
	// defaultNetwork names the network and the interface of a guest that asks for none.
	defaultNetwork = "default"
)

// VirtualMachineInstance fills in a new instance: its spec, and the first
// status. newUUID invents the firmware's UUID.
func VirtualMachineInstance(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config, now metav1.Time, newUUID func() types.UID) {
	spec := &vmi.Spec
	architecture(spec, cfg)
	cpu(spec, cfg)
	memory(spec)
	firmware(spec, newUUID)
	features(&spec.Domain)
	clock(spec.Domain.Clock)
	watchdog(spec.Domain.Devices.Watchdog)
	inputs(spec.Domain.Devices.Inputs)
	probe(spec.LivenessProbe)
	probe(spec.ReadinessProbe)
	disks(spec)
	pullPolicies(spec.Volumes, spec.Domain.Firmware)
	network(spec, cfg)
	if spec.EvictionStrategy == nil {
		strategy := cfg.EvictionStrategy
		spec.EvictionStrategy = &strategy
	}
	status(vmi, now)
}

func architecture(spec *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) {
	if spec.Architecture == "" {
		spec.Architecture = cfg.DefaultArchitecture
	}
	if spec.Domain.Machine == nil {
		spec.Domain.Machine = &v1.Machine{}
	}
	if spec.Domain.Machine.Type == "" {
		spec.Domain.Machine.Type = cfg.MachineType(spec.Architecture)
	}
}

func cpu(spec *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) {
	domain := &spec.Domain
	if domain.CPU == nil {
		domain.CPU = &v1.CPU{}
	}
	requests, limits := domain.Resources.Requests, domain.Resources.Limits
	if domain.CPU.Cores == 0 && domain.CPU.Sockets == 0 && domain.CPU.Threads == 0 {
		domain.CPU.Sockets = 1
		if limit, ok := limits[corev1.ResourceCPU]; ok {
			domain.CPU.Sockets = wholeCPUs(limit)
		} else if request, ok := requests[corev1.ResourceCPU]; ok {
			domain.CPU.Sockets = wholeCPUs(request)
		}
	}
	domain.CPU.Cores = max(domain.CPU.Cores, 1)
	domain.CPU.Sockets = max(domain.CPU.Sockets, 1)
	domain.CPU.Threads = max(domain.CPU.Threads, 1)
	if domain.CPU.Model == "" {
		domain.CPU.Model = "host-model"
		if cfg.CPUModel != "" {
			domain.CPU.Model = cfg.CPUModel
		}
	}
	if _, ok := requests[corev1.ResourceCPU]; ok {
		return
	}
	if limit, ok := limits[corev1.ResourceCPU]; ok {
		setRequest(domain, corev1.ResourceCPU, limit)
	} else if cfg.CPURequestConfigured && !domain.CPU.DedicatedCPUPlacement {
		setRequest(domain, corev1.ResourceCPU, cfg.CPURequest)
	}
}

// wholeCPUs rounds a quantity of CPU up to vCPUs, at least one. What is far too many
// stays so, for validation to refuse.
func wholeCPUs(quantity resource.Quantity) uint32 {
	return uint32(min(max(quantity.Value(), 1), math.MaxInt32)) //nolint:gosec // bounded
}

func setRequest(domain *v1.DomainSpec, name corev1.ResourceName, quantity resource.Quantity) {
	if domain.Resources.Requests == nil {
		domain.Resources.Requests = corev1.ResourceList{}
	}
	domain.Resources.Requests[name] = quantity
}

// memory copies the guest's memory from what is requested for it, or is one page.
func memory(spec *v1.VirtualMachineInstanceSpec) {
	domain := &spec.Domain
	if domain.Memory != nil && domain.Memory.Guest != nil {
		return
	}
	guest, ok := domain.Resources.Requests[corev1.ResourceMemory]
	if !ok {
		guest, ok = domain.Resources.Limits[corev1.ResourceMemory]
	}
	if !ok && domain.Memory != nil && domain.Memory.Hugepages != nil {
		page, err := resource.ParseQuantity(domain.Memory.Hugepages.PageSize)
		guest, ok = page, err == nil
	}
	if !ok {
		return
	}
	if domain.Memory == nil {
		domain.Memory = &v1.Memory{}
	}
	domain.Memory.Guest = &guest
}

func firmware(spec *v1.VirtualMachineInstanceSpec, newUUID func() types.UID) {
	if spec.Domain.Firmware == nil {
		spec.Domain.Firmware = &v1.Firmware{}
	}
	if spec.Domain.Firmware.UUID == "" {
		spec.Domain.Firmware.UUID = newUUID()
	}
}

func disks(spec *v1.VirtualMachineInstanceSpec) {
	devices := &spec.Domain.Devices
	used := map[string]bool{}
	for i := range devices.Disks {
		used[devices.Disks[i].Name] = true
	}
	for _, filesystem := range devices.Filesystems {
		used[filesystem.Name] = true
	}
	for _, volume := range spec.Volumes {
		if !used[volume.Name] && volume.MemoryDump == nil {
			devices.Disks = append(devices.Disks, v1.Disk{Name: volume.Name})
		}
	}
	bus := v1.DiskBusSATA
	if spec.Architecture != "amd64" {
		bus = v1.DiskBusVirtio
	}
	for i := range devices.Disks {
		disk(&devices.Disks[i], bus)
	}
}

func disk(disk *v1.Disk, bus v1.DiskBus) {
	if disk.Disk == nil && disk.LUN == nil && disk.CDRom == nil {
		disk.Disk = &v1.DiskTarget{}
	}
	if disk.Disk != nil {
		setDefault(&disk.Disk.Bus, bus)
	}
	if disk.LUN != nil {
		setDefault(&disk.LUN.Bus, v1.DiskBusSCSI) // no other passes SCSI commands on
	}
	if disk.CDRom != nil {
		setDefault(&disk.CDRom.Bus, bus)
		setDefault(&disk.CDRom.Tray, v1.TrayStateClosed)
		setPointer(&disk.CDRom.ReadOnly, true)
	}
}

// pullPolicies follows the rule of pods: a moving tag is pulled each time.
func pullPolicies(volumes []v1.Volume, firmware *v1.Firmware) {
	for i := range volumes {
		if source := volumes[i].ContainerDisk; source != nil {
			pullPolicy(source.Image, &source.ImagePullPolicy)
		}
	}
	if firmware.KernelBoot != nil && firmware.KernelBoot.Container != nil {
		pullPolicy(firmware.KernelBoot.Container.Image, &firmware.KernelBoot.Container.ImagePullPolicy)
	}
}

func pullPolicy(image string, policy *corev1.PullPolicy) {
	if movingTag(image) {
		setDefault(policy, corev1.PullAlways)
	}
	setDefault(policy, corev1.PullIfNotPresent)
}

func movingTag(image string) bool {
	if strings.Contains(image, "@") {
		return false
	}
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, tagged := strings.Cut(name, ":")
	return !tagged || tag == "latest"
}

func network(spec *v1.VirtualMachineInstanceSpec, cfg *clusterconfig.Config) {
	devices := &spec.Domain.Devices
	if len(spec.Networks) > 0 || len(devices.Interfaces) > 0 ||
		devices.AutoattachPodInterface != nil && !*devices.AutoattachPodInterface {
		return
	}
	nic := v1.Interface{Name: defaultNetwork}
	if cfg.DefaultNetworkInterface == "bridge" {
		nic.Bridge = &v1.InterfaceBridge{}
	} else {
		nic.Masquerade = &v1.InterfaceMasquerade{}
	}
	devices.Interfaces = []v1.Interface{nic}
	spec.Networks = []v1.Network{{Name: defaultNetwork, NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
}

func status(vmi *v1.VirtualMachineInstance, now metav1.Time) {
	vmi.Status = v1.VirtualMachineInstanceStatus{
		Phase:                     v1.VMIPhasePending,
		PhaseTransitionTimestamps: []v1.VirtualMachineInstancePhaseTransitionTimestamp{{Phase: v1.VMIPhasePending, PhaseTransitionTimestamp: now}},
		RuntimeUser:               launcherUser,
		CurrentCPUTopology: &v1.CPUTopology{
			Cores: vmi.Spec.Domain.CPU.Cores, Sockets: vmi.Spec.Domain.CPU.Sockets, Threads: vmi.Spec.Domain.CPU.Threads,
		},
	}
	if guest := vmi.Spec.Domain.Memory; guest != nil && guest.Guest != nil {
		vmi.Status.Memory = &v1.MemoryStatus{GuestAtBoot: guest.Guest, GuestCurrent: guest.Guest, GuestRequested: guest.Guest}
	}
}

func setDefault[T ~string](field *T, value T) {
	if *field == "" {
		*field = value
	}
}

func setPointer[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}
