package clusterconfig

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func read(t *testing.T, manifest string) *Config {
	t.Helper()
	kv := &v1.KubeVirt{}
	if err := yaml.UnmarshalStrict([]byte(manifest), kv); err != nil {
		t.Fatalf("reading the manifest: %v", err)
	}
	return New(kv)
}

func TestGateEvaluation(t *testing.T) {
	config := read(t, `
spec:
  configuration:
    developerConfiguration:
      featureGates: [Sidecar, Snapshot, MultiArchitecture, Macvtap, NoSuchGate]
      disabledFeatureGates: [Snapshot, ImageVolume, LiveMigration, HostDisk]
`)
	for gate, want := range map[Gate]bool{
		GateLiveMigration:     true,  // GA, although disabled
		GateSidecar:           true,  // Alpha, listed
		GateHostDisk:          false, // Alpha, disabled
		GateVSOCK:             false, // Alpha, not mentioned
		GateSnapshot:          true,  // listed in both: asking wins
		GateImageVolume:       false, // Beta, disabled
		GateNodeRestriction:   true,  // Beta, not mentioned
		GateMultiArchitecture: true,  // Deprecated, listed
		GateHotplugVolumes:    false, // Deprecated, not mentioned
		GateMacvtap:           true,  // Discontinued, listed
		"NoSuchGate":          false, // unknown, listed
	} {
		if got := config.Enabled(gate); got != want {
			t.Errorf("Enabled(%s) = %t, want %t", gate, got, want)
		}
	}
	if _, known := StateOf("NoSuchGate"); known {
		t.Error("StateOf knows a gate that does not exist")
	}
}

func TestDefaults(t *testing.T) {
	c := New(nil)
	for name, pair := range map[string][2]any{
		"cpuRequest":              {c.CPURequest.String(), "100m"},
		"cpuAllocationRatio":      {c.CPUAllocationRatio, 10},
		"memoryOvercommit":        {c.MemoryOvercommit, 100},
		"overhead ratio":          {c.AdditionalGuestMemoryOverheadRatio, 1.0},
		"machine type amd64":      {c.MachineType("amd64"), "q35"},
		"machine type arm64":      {c.MachineType("arm64"), "virt"},
		"machine type unknown":    {c.MachineType("riscv64"), ""},
		"first emulated machine":  {c.EmulatedMachines("s390x")[0], "s390-ccw-virtio*"},
		"balloon stats period":    {c.BalloonStatsPeriodSeconds, uint32(10)},
		"eviction strategy":       {c.EvictionStrategy, v1.EvictionStrategyNone},
		"image pull policy":       {c.ImagePullPolicy, corev1.PullIfNotPresent},
		"smbios":                  {c.SMBIOS, SMBIOS{Manufacturer: "KubeVirt", Product: "None", Family: "KubeVirt"}},
		"seccomp":                 {c.SeccompProfile.Type, corev1.SeccompProfileTypeRuntimeDefault},
		"emulation":               {c.UseEmulation, false},
		"obsolete":                {c.ObsoleteCPUModels["Conroe"], true},
		"default interface":       {c.DefaultNetworkInterface, "bridge"},
		"bridge is permitted":     {c.PermitBridgeOnPodNetwork, true},
		"cpuRequest is not asked": {c.CPURequestConfigured, false},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestConfiguredValues(t *testing.T) {
	c := read(t, `
metadata: {name: kubevirt, namespace: kv, resourceVersion: "42"}
spec:
  imagePullPolicy: Always
  configuration:
    cpuRequest: 50m
    additionalGuestMemoryOverheadRatio: "1.5"
    memBalloonStatsPeriod: 0
    smbios: {product: Box, version: "7"}
    evictionStrategy: LiveMigrate
    network:
      defaultNetworkInterface: masquerade
      permitBridgeInterfaceOnPodNetwork: false
      binding: {fast: {domainAttachmentType: tap}}
    virtualMachineOptions: {disableFreePageReporting: {}}
    obsoleteCPUModels: {Penryn: true}
    tlsConfiguration: {minTLSVersion: VersionTLS13}
    seccompConfiguration: {virtualMachineInstanceProfile: {customProfile: {localhostProfile: vm.json}}}
    architectureConfiguration:
      defaultArchitecture: arm64
      arm64: {machineType: virt-9, emulatedMachines: ["virt-9"]}
    developerConfiguration:
      useEmulation: true
      memoryOvercommit: 150
      cpuAllocationRatio: 4
      nodeSelectors: {zone: a}
      logVerbosity: {virtHandler: 4}
`)
	for name, pair := range map[string][2]any{
		"handler verbosity":    {c.LogVerbosity.Handler, uint(4)},
		"API verbosity":        {c.LogVerbosity.API, uint(0)},
		"resource version":     {c.ResourceVersion, "42"},
		"namespace":            {c.Namespace, "kv"},
		"pull policy":          {c.ImagePullPolicy, corev1.PullAlways},
		"cpuRequest":           {c.CPURequest.String(), "50m"},
		"cpuRequest is asked":  {c.CPURequestConfigured, true},
		"overhead ratio":       {c.AdditionalGuestMemoryOverheadRatio, 1.5},
		"balloon stats":        {c.BalloonStatsPeriodSeconds, uint32(0)},
		"smbios":               {c.SMBIOS, SMBIOS{Manufacturer: "KubeVirt", Product: "Box", Family: "KubeVirt", Version: "7"}},
		"eviction":             {c.EvictionStrategy, v1.EvictionStrategyLiveMigrate},
		"default interface":    {c.DefaultNetworkInterface, "masquerade"},
		"bridge permitted":     {c.PermitBridgeOnPodNetwork, false},
		"binding plugin":       {c.BindingPlugins["fast"].DomainAttachmentType, v1.DomainAttachmentTypeTap},
		"page reporting":       {c.DisableFreePageReporting, true},
		"obsolete replaced":    {c.ObsoleteCPUModels["Conroe"], false},
		"TLS":                  {c.TLS.MinVersion, v1.VersionTLS13},
		"seccomp":              {*c.SeccompProfile.LocalhostProfile, "vm.json"},
		"default architecture": {c.DefaultArchitecture, "arm64"},
		"machine type":         {c.MachineType("arm64"), "virt-9"},
		"machine type amd64":   {c.MachineType("amd64"), "q35"},
		"emulated machines":    {c.EmulatedMachines("arm64")[0], "virt-9"},
		"emulation":            {c.UseEmulation, true},
		"overcommit":           {c.MemoryOvercommit, 150},
		"allocation ratio":     {c.CPUAllocationRatio, 4},
		"node selector":        {c.NodeSelectors["zone"], "a"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestDeprecatedMachineSettingsWin(t *testing.T) {
	c := read(t, `
spec:
  configuration:
    machineType: pc-q35-7.2
    emulatedMachines: ["pc*"]
    architectureConfiguration: {amd64: {machineType: q35, emulatedMachines: [q35]}}
`)
	if got := c.MachineType("amd64"); got != "pc-q35-7.2" {
		t.Errorf("machine type %q", got)
	}
	if got := c.EmulatedMachines("amd64"); len(got) != 1 || got[0] != "pc*" {
		t.Errorf("emulated machines %v", got)
	}
}

func TestOverheadRatioThatCannotBeRead(t *testing.T) {
	for _, ratio := range []string{"", "x", "0.5", "-1"} {
		if got := overheadRatio(&ratio); got != 1 {
			t.Errorf("ratio %q gives %v, want 1", ratio, got)
		}
	}
}

func TestTranslationCache(t *testing.T) {
	for guest, want := range map[int64]uint32{
		0: 32, 128 << 20: 32, 512 << 20: 32, 1 << 30: 64, 2 << 30: 128, 1 << 40: 128,
	} {
		if got := TranslationCacheMiB(guest); got != want {
			t.Errorf("guest of %d MiB: %d MiB of cache, want %d", guest>>20, got, want)
		}
	}
}
