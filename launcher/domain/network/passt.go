package network

import (
	"strings"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Passt is what passt is told besides what the instance says.
type Passt struct {
	// Log is the file it writes to.
	Log string
	// TCP and UDP are the highest ports that it can forward to a guest which does not
	// name its own; 0 for all.
	TCP, UDP uint
}

// connect has libvirt start passt for an interface, in place of opening a tap device.
// passt tells the guest an MTU by itself: packets end at its sockets.
func (p Passt) connect(built *libvirtxml.DomainInterface, spec *v1.Interface, podInterface string) {
	built.Target, built.Driver, built.MTU = nil, nil, nil
	// Only virtio can be served from the guest's memory.
	if spec.IsVirtio() {
		built.Source = &libvirtxml.DomainInterfaceSource{VHostUser: &libvirtxml.DomainInterfaceSourceVHostUser{Dev: podInterface}}
	} else {
		built.Source = &libvirtxml.DomainInterfaceSource{User: &libvirtxml.DomainInterfaceSourceUser{Dev: podInterface}}
	}
	built.Backend = &libvirtxml.DomainInterfaceBackend{Type: "passt", LogFile: p.Log}
	built.PortForward = p.forwarded(spec.Ports)
}

// forwarded are the ports that reach the guest, all of them unless it names some.
func (p Passt) forwarded(ports []v1.Port) []libvirtxml.DomainInterfaceSourcePortForward {
	tcp := libvirtxml.DomainInterfaceSourcePortForward{Proto: "tcp"}
	udp := libvirtxml.DomainInterfaceSourcePortForward{Proto: "udp"}
	if len(ports) == 0 {
		return []libvirtxml.DomainInterfaceSourcePortForward{upTo(tcp, p.TCP), upTo(udp, p.UDP)}
	}
	for _, port := range ports {
		kind := &tcp
		if strings.EqualFold(port.Protocol, "UDP") {
			kind = &udp
		}
		kind.Ranges = append(kind.Ranges, libvirtxml.DomainInterfaceSourcePortForwardRange{Start: uint(port.Port)})
	}
	var named []libvirtxml.DomainInterfaceSourcePortForward
	for _, kind := range []libvirtxml.DomainInterfaceSourcePortForward{tcp, udp} {
		if len(kind.Ranges) > 0 {
			named = append(named, kind)
		}
	}
	return named
}

// upTo forwards the ports to the highest; without one, all.
func upTo(kind libvirtxml.DomainInterfaceSourcePortForward, highest uint) libvirtxml.DomainInterfaceSourcePortForward {
	if highest > 0 {
		kind.Ranges = []libvirtxml.DomainInterfaceSourcePortForwardRange{{Start: 1, End: highest}}
	}
	return kind
}
