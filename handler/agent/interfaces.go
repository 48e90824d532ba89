package agent

import (
	"net/netip"
	"slices"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Where an entry of status.interfaces comes from.
const (
	fromDomain = "domain"
	fromAgent  = "guest-agent"
	// fromBoth is how the two are written together.
	fromBoth = fromDomain + ", " + fromAgent
)

// interfacesFor is status.interfaces: one entry for each interface of the VMI,
// then those that only the guest agent knows. What was not looked at this time
// (network is nil after the handler's restart) is taken from the present status.
func interfacesFor(vmi *v1.VirtualMachineInstance, facts *network.Facts, agent *protocol.Agent) []v1.VirtualMachineInstanceNetworkInterface {
	var entries []v1.VirtualMachineInstanceNetworkInterface
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		iface := &vmi.Spec.Domain.Devices.Interfaces[i]
		if iface.State == v1.InterfaceStateAbsent {
			continue
		}
		entry, known := domainEntry(vmi, iface, facts)
		if known {
			entries = append(entries, entry)
		}
	}
	for _, reported := range agent.GetInterfaces() {
		entries = addReported(entries, reported)
	}
	return entries
}

// domainEntry is the entry of one interface of the VMI. Behind masquerade the
// guest is reached at the pod's addresses, so those are reported.
func domainEntry(vmi *v1.VirtualMachineInstance, iface *v1.Interface, facts *network.Facts) (v1.VirtualMachineInstanceNetworkInterface, bool) {
	entry := v1.VirtualMachineInstanceNetworkInterface{
		Name: iface.Name, InfoSource: fromDomain, QueueCount: 1, LinkState: string(v1.InterfaceStateUp),
	}
	if iface.State == v1.InterfaceStateDown {
		entry.LinkState = string(v1.InterfaceStateDown)
	}
	if facts == nil {
		present := slices.IndexFunc(vmi.Status.Interfaces, func(e v1.VirtualMachineInstanceNetworkInterface) bool {
			return e.Name == iface.Name
		})
		if present < 0 {
			return entry, false
		}
		before := vmi.Status.Interfaces[present]
		entry.IP, entry.IPs, entry.MAC = before.IP, before.IPs, before.MAC
		entry.PodInterfaceName, entry.QueueCount = before.PodInterfaceName, before.QueueCount
		return entry, true
	}
	entry.PodInterfaceName = facts.PodInterface
	entry.QueueCount = int32(facts.Queues)
	for _, address := range facts.Addresses {
		entry.IPs = append(entry.IPs, address.String())
	}
	if len(entry.IPs) > 0 {
		entry.IP = entry.IPs[0]
	}
	for _, connected := range facts.Interfaces {
		if connected.GetNetwork() == iface.Name {
			entry.MAC = connected.GetMac()
		}
	}
	return entry, true
}

// addReported adds what the guest agent says about an interface to the entry with
// the same hardware address, or as an entry of its own. The guest may say
// anything: it names no address of an interface that the pod stands for.
func addReported(entries []v1.VirtualMachineInstanceNetworkInterface, reported *protocol.GuestInterface) []v1.VirtualMachineInstanceNetworkInterface {
	if reported.GetName() == "lo" || reported.GetMac() == "" || reported.GetMac() == "00:00:00:00:00:00" {
		return entries
	}
	for i := range entries {
		if strings.EqualFold(entries[i].MAC, reported.GetMac()) && entries[i].InfoSource == fromDomain {
			entries[i].InfoSource = fromBoth
			entries[i].InterfaceName = reported.GetName()
			return entries
		}
	}
	entry := v1.VirtualMachineInstanceNetworkInterface{
		MAC: reported.GetMac(), InterfaceName: reported.GetName(), InfoSource: fromAgent, QueueCount: 0,
	}
	for _, text := range reported.GetIps() {
		if address, err := netip.ParseAddr(withoutPrefix(text)); err == nil {
			entry.IPs = append(entry.IPs, address.String())
		}
	}
	if len(entry.IPs) > 0 {
		entry.IP = entry.IPs[0]
	}
	return append(entries, entry)
}

func withoutPrefix(address string) string {
	plain, _, _ := strings.Cut(address, "/")
	return plain
}
