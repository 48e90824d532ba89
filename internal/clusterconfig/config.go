// Package clusterconfig holds what the KubeVirt object configures for the whole
// cluster, with every default filled in, and decides feature gates. It is plain
// data: package loader follows the object.
package clusterconfig

import (
	"runtime"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Config is the cluster's configuration in effect. It is never changed after New
// has built it, so it may be shared.
type Config struct {
	// ResourceVersion of the KubeVirt object this was read from; empty without one.
	ResourceVersion string
	// Namespace of the KubeVirt object, which is where the components run.
	Namespace string

	// CPURequest is what a VMI without any CPU request asks of its node.
	CPURequest resource.Quantity
	// CPURequestConfigured tells that the administrator chose CPURequest.
	CPURequestConfigured bool
	// CPUModel is the model of VMIs that name none; empty means host-model.
	CPUModel string
	// CPUAllocationRatio is the number of vCPUs sharing one CPU request.
	CPUAllocationRatio int
	// ObsoleteCPUModels are the models that are not offered on any node.
	ObsoleteCPUModels map[string]bool
	// MemoryOvercommit is guest memory in percent of the memory requested for it.
	MemoryOvercommit int
	// AdditionalGuestMemoryOverheadRatio multiplies the computed overhead; at least 1.
	AdditionalGuestMemoryOverheadRatio float64
	// UseEmulation lets guests run under QEMU's TCG on nodes without KVM.
	UseEmulation bool
	// NodeSelectors are added to every launcher pod.
	NodeSelectors map[string]string

	// DefaultArchitecture is that of VMIs that name none, as in GOARCH.
	DefaultArchitecture string
	// RolloutStrategy says whether changes of a VM reach its running guest.
	RolloutStrategy v1.VMRolloutStrategy
	// EvictionStrategy of VMIs that name none.
	EvictionStrategy v1.EvictionStrategy
	// DefaultNetworkInterface is the binding of the interface added to VMIs that
	// describe no network: "masquerade" or "bridge".
	DefaultNetworkInterface string
	// PermitBridgeOnPodNetwork lets guests bridge the pod network.
	PermitBridgeOnPodNetwork bool
	// BindingPlugins bind interfaces in ways of their own, by the name that VMIs use.
	BindingPlugins map[string]v1.InterfaceBindingPlugin

	// SMBIOS is what a guest reads as its system's make.
	SMBIOS SMBIOS
	// BalloonStatsPeriodSeconds is the time between two memory statistics; 0 is off.
	BalloonStatsPeriodSeconds uint32
	// DisableFreePageReporting switches the balloon's free page reporting off.
	DisableFreePageReporting bool

	// ImagePullPolicy of the launcher image.
	ImagePullPolicy corev1.PullPolicy
	// ImagePullSecrets are added to every launcher pod.
	ImagePullSecrets []corev1.LocalObjectReference
	// DefaultRuntimeClass of launcher pods; empty leaves it to the cluster.
	DefaultRuntimeClass string
	// SELinuxLauncherType of launcher pods; empty leaves it to the runtime.
	SELinuxLauncherType string
	// SeccompProfile of launcher pods.
	SeccompProfile corev1.SeccompProfile

	// DiskSpace says how much smaller than asked for a disk may become.
	DiskSpace DiskSpace
	// HelperResources are the resources of the containers beside a launcher, by their
	// kind; what is not in it is built in.
	HelperResources map[v1.SupportContainerType]v1.ResourceRequirementsWithoutClaims
	// AutoCPULimit selects the namespaces in which launchers may use no more CPU than
	// their guests have; nil for none.
	AutoCPULimit *metav1.LabelSelector
	// InstancesPerNode is how many guests a node takes; nil leaves it to its agent.
	InstancesPerNode *int
	// KSMNodes selects the nodes whose kernel is to merge equal pages; nil for none, as of an installation that is
	// being removed: nobody would be left to switch it off.
	KSMNodes *metav1.LabelSelector

	// LogVerbosity of the components.
	LogVerbosity LogVerbosity
	// Requests are how often the components may ask the API server.
	Requests RequestRates
	// TLS of the components' servers.
	TLS TLS

	machineType      string
	ovmfPath         string
	emulatedMachines []string
	architectures    map[string]v1.ArchSpecificConfiguration
	enabled          map[Gate]bool
	disabled         map[Gate]bool
}

// SMBIOS holds the system strings of a guest; empty ones are left out.
type SMBIOS struct {
	Manufacturer, Product, Version, SKU, Family string
}

// New reads a KubeVirt object. Without one (nil) everything has its default.
func New(kv *v1.KubeVirt) *Config {
	if kv == nil {
		kv = &v1.KubeVirt{}
	}
	spec := &kv.Spec.Configuration
	c := &Config{
		ResourceVersion:           kv.ResourceVersion,
		Namespace:                 kv.Namespace,
		CPURequest:                resource.MustParse("100m"),
		CPUModel:                  spec.CPUModel,
		ObsoleteCPUModels:         obsoleteCPUModels(spec),
		DefaultArchitecture:       runtime.GOARCH,
		RolloutStrategy:           valueOr(spec.VMRolloutStrategy, v1.VMRolloutStrategyLiveUpdate),
		EvictionStrategy:          valueOr(spec.EvictionStrategy, v1.EvictionStrategyNone),
		SMBIOS:                    smbios(spec.SMBIOS),
		BalloonStatsPeriodSeconds: valueOr(spec.MemBalloonStatsPeriod, 10),
		Requests:                  requestRates(spec),
		ImagePullPolicy:           firstNonZero(spec.ImagePullPolicy, kv.Spec.ImagePullPolicy, corev1.PullIfNotPresent),
		ImagePullSecrets:          kv.Spec.ImagePullSecrets,
		DefaultRuntimeClass:       spec.DefaultRuntimeClass,
		SELinuxLauncherType:       spec.SELinuxLauncherType,
		SeccompProfile:            seccompProfile(spec.SeccompConfiguration),

		AdditionalGuestMemoryOverheadRatio: overheadRatio(spec.AdditionalGuestMemoryOverheadRatio),

		HelperResources:  helperResources(spec.SupportContainerResources),
		AutoCPULimit:     spec.AutoCPULimitNamespaceLabelSelector,
		InstancesPerNode: spec.VirtualMachineInstancesPerNode,

		machineType:      spec.MachineType,
		ovmfPath:         spec.OVMFPath,
		emulatedMachines: spec.EmulatedMachines,
	}
	if spec.CPURequest != nil {
		c.CPURequest = spec.CPURequest.DeepCopy()
		c.CPURequestConfigured = true
	}
	if options := spec.VirtualMachineOptions; options != nil {
		c.DisableFreePageReporting = options.DisableFreePageReporting != nil
	}
	if ksm := spec.KSMConfiguration; ksm != nil && kv.DeletionTimestamp.IsZero() {
		c.KSMNodes = ksm.NodeLabelSelector
	}
	if tls := spec.TLSConfiguration; tls != nil {
		c.TLS = TLS{MinVersion: tls.MinTLSVersion, Ciphers: tls.Ciphers}
	}
	c.readNetwork(spec.Network)
	c.readArchitectures(spec.ArchitectureConfiguration)
	c.readDeveloper(spec.DeveloperConfiguration)
	return c
}

// Enabled decides a feature gate.
func (c *Config) Enabled(gate Gate) bool { return evaluate(gate, c.enabled, c.disabled) }

func (c *Config) readDeveloper(developer *v1.DeveloperConfiguration) {
	if developer == nil {
		developer = &v1.DeveloperConfiguration{}
	}
	c.CPUAllocationRatio = firstNonZero(developer.CPUAllocationRatio, 10)
	c.MemoryOvercommit = firstNonZero(developer.MemoryOvercommit, 100)
	c.UseEmulation = developer.UseEmulation
	c.DiskSpace = diskSpace(developer)
	c.NodeSelectors = developer.NodeSelectors
	c.enabled = gateSet(developer.FeatureGates)
	c.disabled = gateSet(developer.DisabledFeatureGates)
	c.LogVerbosity = logVerbosity(developer.LogVerbosity)
}

func gateSet(names []string) map[Gate]bool {
	set := make(map[Gate]bool, len(names))
	for _, name := range names {
		set[Gate(name)] = true
	}
	return set
}

func smbios(s *v1.SMBiosConfiguration) SMBIOS {
	if s == nil {
		s = &v1.SMBiosConfiguration{}
	}
	return SMBIOS{
		Manufacturer: firstNonZero(s.Manufacturer, "KubeVirt"),
		Product:      firstNonZero(s.Product, "None"),
		Family:       firstNonZero(s.Family, "KubeVirt"),
		Version:      s.Version,
		SKU:          s.SKU,
	}
}

func seccompProfile(s *v1.SeccompConfiguration) corev1.SeccompProfile {
	profile := corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	if s == nil || s.VirtualMachineInstanceProfile == nil || s.VirtualMachineInstanceProfile.CustomProfile == nil {
		return profile
	}
	if localhost := s.VirtualMachineInstanceProfile.CustomProfile.LocalhostProfile; localhost != nil {
		profile.Type = corev1.SeccompProfileTypeLocalhost
		profile.LocalhostProfile = localhost
	}
	return profile
}

// overheadRatio reads the ratio; admission refuses what cannot be read here.
func overheadRatio(ratio *string) float64 {
	if ratio == nil {
		return 1
	}
	value, err := strconv.ParseFloat(*ratio, 64)
	if err != nil || value < 1 {
		return 1
	}
	return value
}

// obsoleteCPUModels are, unless configured, the models that predate 64-bit guests.
func obsoleteCPUModels(spec *v1.KubeVirtConfiguration) map[string]bool {
	if spec.ObsoleteCPUModels != nil {
		return spec.ObsoleteCPUModels
	}
	return map[string]bool{
		"486": true, "486-v1": true, "pentium": true, "pentium-v1": true, "pentium2": true, "pentium2-v1": true,
		"pentium3": true, "pentium3-v1": true, "pentiumpro": true, "pentiumpro-v1": true,
		"coreduo": true, "coreduo-v1": true, "n270": true, "n270-v1": true, "core2duo": true, "core2duo-v1": true,
		"Conroe": true, "Conroe-v1": true, "athlon": true, "athlon-v1": true, "phenom": true, "phenom-v1": true,
		"qemu64": true, "qemu64-v1": true, "qemu32": true, "qemu32-v1": true,
		"kvm64": true, "kvm64-v1": true, "kvm32": true, "kvm32-v1": true,
	}
}

func valueOr[T any](pointer *T, otherwise T) T {
	if pointer == nil {
		return otherwise
	}
	return *pointer
}

func firstNonZero[T comparable](values ...T) T {
	var zero T
	for _, value := range values {
		if value != zero {
			return value
		}
	}
	return zero
}
