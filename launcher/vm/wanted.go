package vm

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

// Wanted is the full wanted state of the machine: what the user asked for, and
// what the node's handler has made of it.
type Wanted struct {
	VMI  *v1.VirtualMachineInstance
	Host Host
	// Volumes are the paths of resolved volumes by the volume's name.
	Volumes    map[string]string
	Interfaces []Interface
}

// resolved is the path of a volume that the handler has brought here.
func (w *Wanted) resolved(volume string) (string, error) {
	path, resolved := w.Volumes[volume]
	if !resolved {
		return "", fmt.Errorf("%w: the handler has not resolved it", disk.ErrInvalid)
	}
	return path, nil
}

// Host is what the node and the cluster's configuration decide.
type Host struct {
	Emulation                 bool
	TranslationCacheMiB       uint
	SMBIOS                    SMBIOS
	BalloonStatsPeriodSeconds uint
	FreePageReporting         bool
}

// SMBIOS is what the guest reads about its "hardware".
type SMBIOS struct {
	Manufacturer, Product, Version, SKU, Family string
}

// Interface is one guest interface, prepared in the pod's network namespace.
type Interface struct {
	// Network is the name of the VMI's network.
	Network string
	Tap     string
	MAC     net.HardwareAddr
	MTU     uint16
	// DHCP is nil when the guest gets its address from elsewhere.
	DHCP *DHCP
}

// DHCP is the guest's lease.
type DHCP struct {
	Device  string
	Address netip.Prefix
	Gateway netip.Addr
	// Address6 and Gateway6 are unset in a pod without IPv6.
	Address6 netip.Prefix
	Gateway6 netip.Addr
}

// paused tells whether the guest is to start with its virtual CPUs stopped.
func (w Wanted) paused() bool {
	return w.VMI != nil && w.VMI.Spec.StartStrategy != nil && *w.VMI.Spec.StartStrategy == v1.StartStrategyPaused
}

// maxHostname is the length of a DNS label.
const maxHostname = 63

// hostname returns the name the guest is to have: the VMI's, up to its first
// dot, unless the spec says otherwise.
func hostname(vmi *v1.VirtualMachineInstance) string {
	name := vmi.Spec.Hostname
	if name == "" {
		name, _, _ = strings.Cut(vmi.Name, ".")
	}
	if len(name) > maxHostname {
		name = strings.TrimRight(name[:maxHostname], "-")
	}
	return name
}

// instanceID tells cloud-init one machine from another. It follows the
// firmware's UUID, which a VM keeps over restarts.
func instanceID(vmi *v1.VirtualMachineInstance) string {
	if firmware := vmi.Spec.Domain.Firmware; firmware != nil && firmware.UUID != "" {
		return string(firmware.UUID)
	}
	return string(vmi.UID)
}
