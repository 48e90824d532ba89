package clusterconfig

import v1 "kubevirt.io/kubevirt/api/core/v1"

// machine describes what an architecture's guests run on unless configured.
type machine struct {
	machineType string
	allowed     []string
}

var machines = map[string]machine{
	"amd64": {machineType: "q35", allowed: []string{"q35*", "pc-q35*"}},
	"arm64": {machineType: "virt", allowed: []string{"virt*"}},
	"s390x": {machineType: "s390-ccw-virtio", allowed: []string{"s390-ccw-virtio*"}},
}

// MachineType is the machine type of VMIs of an architecture (as in GOARCH) that
// name none; empty for an architecture that is not known.
func (c *Config) MachineType(architecture string) string {
	return firstNonZero(c.machineType, c.architectures[architecture].MachineType, machines[architecture].machineType)
}

// EmulatedMachines are the patterns (as in path.Match) of the machine types that
// VMIs of an architecture may ask for.
func (c *Config) EmulatedMachines(architecture string) []string {
	if c.emulatedMachines != nil {
		return c.emulatedMachines
	}
	if configured := c.architectures[architecture].EmulatedMachines; configured != nil {
		return configured
	}
	return machines[architecture].allowed
}

// FirmwareDirectory is where the launcher image has the UEFI firmware of an
// architecture's guests; empty for where it usually is.
func (c *Config) FirmwareDirectory(architecture string) string {
	return firstNonZero(c.architectures[architecture].OVMFPath, c.ovmfPath)
}

func (c *Config) readArchitectures(configuration *v1.ArchConfiguration) {
	if configuration == nil {
		return
	}
	c.DefaultArchitecture = firstNonZero(configuration.DefaultArchitecture, c.DefaultArchitecture)
	c.architectures = map[string]v1.ArchSpecificConfiguration{}
	for name, specific := range map[string]*v1.ArchSpecificConfiguration{
		"amd64": configuration.Amd64,
		"arm64": configuration.Arm64,
		"s390x": configuration.S390x,
	} {
		if specific != nil {
			c.architectures[name] = *specific
		}
	}
}
