package agent

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Where an entry of status.interfaces comes from; several are written together in
// this order.
const (
	fromDomain = "domain"
	fromAgent  = "guest-agent"
	// fromMultus: the pod has the interface that multus was asked for.
	fromMultus = "multus-status"
)

func sources(list ...string) string {
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), ", ")
}

// interfacesFor is status.interfaces: one entry for each interface of the VMI,
// then those that only the guest agent knows. What was not looked at this time
// (facts is nil after the handler's restart) is taken from the present status.
func interfacesFor(vmi *v1.VirtualMachineInstance, facts *network.Facts, agent *protocol.Agent, ipv6First bool) []v1.VirtualMachineInstanceNetworkInterface {
	var entries []v1.VirtualMachineInstanceNetworkInterface
	reported := reportedBy(agent)
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		iface := &vmi.Spec.Domain.Devices.Interfaces[i]
		if iface.State == v1.InterfaceStateAbsent {
			continue
		}
		entry, known := domainEntry(vmi, iface, facts)
		if !known {
			continue
		}
		if same := indexOf(reported, entry.MAC); same >= 0 {
			merge(&entry, reported[same], ownAddresses(iface))
			reported = slices.Delete(reported, same, same+1)
		}
		entries = append(entries, entry)
	}
	for _, nic := range reported {
		entries = append(entries, v1.VirtualMachineInstanceNetworkInterface{
			MAC: nic.GetMac(), InterfaceName: nic.GetName(), InfoSource: fromAgent, IPs: addresses(nic),
		})
	}
	for i := range entries {
		entries[i].IP, entries[i].IPs = ordered(entries[i].IPs, ipv6First)
	}
	return entries
}

// How much of what is said about a guest its status can take.
const (
	maxInterfaces    = 64
	maxAddresses     = 32
	maxInterfaceName = 256
)

// reportedBy are the interfaces that the guest agent tells of, as far as they are any
// and there are not too many. The launcher bounds this as well; it is not relied on.
func reportedBy(agent *protocol.Agent) []*protocol.GuestInterface {
	var reported []*protocol.GuestInterface
	for _, nic := range agent.GetInterfaces() {
		if mac, err := net.ParseMAC(nic.GetMac()); err != nil || len(mac) != 6 || bytes.Equal(mac, make([]byte, 6)) ||
			nic.GetName() == "lo" || len(nic.GetName()) > maxInterfaceName {
			continue
		}
		if len(reported) == maxInterfaces {
			break
		}
		reported = append(reported, nic)
	}
	return reported
}

// indexOf finds an interface by its hardware address.
func indexOf(reported []*protocol.GuestInterface, mac string) int {
	return slices.IndexFunc(reported, func(nic *protocol.GuestInterface) bool { return strings.EqualFold(nic.GetMac(), mac) })
}

// ownAddresses tells whether the guest's addresses are those it is reached at. With
// the other bindings the pod stands for it at its own.
func ownAddresses(iface *v1.Interface) bool {
	return iface.Masquerade == nil && iface.PasstBinding == nil
}

// domainEntry is the entry of one interface of the VMI as the pod has it.
func domainEntry(vmi *v1.VirtualMachineInstance, iface *v1.Interface, facts *network.Facts) (v1.VirtualMachineInstanceNetworkInterface, bool) {
	entry := v1.VirtualMachineInstanceNetworkInterface{
		Name: iface.Name, InfoSource: fromDomain, LinkState: string(v1.InterfaceStateUp),
	}
	if iface.State == v1.InterfaceStateDown {
		entry.LinkState = string(v1.InterfaceStateDown)
	}
	if facts == nil {
		before := statusOf(vmi, iface.Name)
		if before == nil {
			return entry, false
		}
		entry.IPs, entry.MAC = before.IPs, before.MAC
		entry.PodInterfaceName, entry.QueueCount = before.PodInterfaceName, before.QueueCount
	} else {
		found := slices.IndexFunc(facts.Interfaces, func(f network.InterfaceFacts) bool { return f.Network == iface.Name })
		if found < 0 {
			return entry, false
		}
		pod := &facts.Interfaces[found]
		entry.MAC, entry.PodInterfaceName, entry.QueueCount = pod.Guest.GetMac(), pod.PodInterface, int32(pod.Queues)
		for _, address := range pod.Addresses {
			entry.IPs = append(entry.IPs, address.Addr().String())
		}
	}
	if entry.PodInterfaceName != "" && onMultus(vmi, iface.Name) {
		entry.InfoSource = sources(fromDomain, fromMultus)
	}
	return entry, true
}

func statusOf(vmi *v1.VirtualMachineInstance, name string) *v1.VirtualMachineInstanceNetworkInterface {
	for i := range vmi.Status.Interfaces {
		if vmi.Status.Interfaces[i].Name == name {
			return &vmi.Status.Interfaces[i]
		}
	}
	return nil
}

func onMultus(vmi *v1.VirtualMachineInstance, name string) bool {
	return slices.ContainsFunc(vmi.Spec.Networks, func(n v1.Network) bool { return n.Name == name && n.Multus != nil })
}

// merge adds what the guest agent says about an interface to its entry. The guest
// may say anything: it names no address where the pod stands for it.
func merge(entry *v1.VirtualMachineInstanceNetworkInterface, reported *protocol.GuestInterface, own bool) {
	multus := ""
	if entry.InfoSource != fromDomain {
		multus = fromMultus
	}
	entry.InfoSource = sources(fromDomain, fromAgent, multus)
	entry.InterfaceName = reported.GetName()
	if ips := addresses(reported); own && len(ips) > 0 {
		entry.IPs = ips
	}
}

// looksComplete tells whether the status knows every interface of the VMI, and none
// by addresses that an agent gave which does not say so any more: the interface has
// the pod's then.
func looksComplete(vmi *v1.VirtualMachineInstance, agent *protocol.Agent) bool {
	reported := reportedBy(agent)
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		iface := &vmi.Spec.Domain.Devices.Interfaces[i]
		if iface.State == v1.InterfaceStateAbsent {
			continue
		}
		entry := statusOf(vmi, iface.Name)
		if entry == nil {
			return false
		}
		if !ownAddresses(iface) || len(entry.IPs) == 0 || !strings.Contains(entry.InfoSource, fromAgent) {
			continue
		}
		if same := indexOf(reported, entry.MAC); same < 0 || len(addresses(reported[same])) == 0 {
			return false
		}
	}
	return true
}

// addresses are what an agent reports of one interface, without what is none.
func addresses(reported *protocol.GuestInterface) []string {
	var list []string
	for _, text := range reported.GetIps() {
		if len(list) == maxAddresses {
			break
		}
		plain, _, _ := strings.Cut(text, "/")
		if address, err := netip.ParseAddr(plain); err == nil {
			list = append(list, address.WithZone("").String())
		}
	}
	return list
}

// ordered puts the addresses of the pods' first IP family first, and those that
// only neighbours can use last.
func ordered(list []string, ipv6First bool) (first string, sorted []string) {
	rank := func(text string) int {
		address, err := netip.ParseAddr(text)
		switch {
		case err != nil || address.IsLinkLocalUnicast():
			return 2
		case address.Is6() == ipv6First:
			return 0
		}
		return 1
	}
	sorted = slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b string) int { return rank(a) - rank(b) })
	if len(sorted) > 0 {
		first = sorted[0]
	}
	return first, sorted
}
