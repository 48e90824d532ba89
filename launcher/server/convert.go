package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

// wanted reads a Sync request. A VMI that is not this launcher's is refused.
func (s *Server) wanted(request *protocol.SyncRequest) (vm.Wanted, error) {
	vmi := &v1.VirtualMachineInstance{}
	if err := json.Unmarshal(request.GetVmi(), vmi); err != nil {
		return vm.Wanted{}, fmt.Errorf("reading the VMI: %w", err)
	}
	if vmi.Namespace != s.identity.Namespace || vmi.Name != s.identity.Name || string(vmi.UID) != s.identity.UID {
		return vm.Wanted{}, fmt.Errorf("this is the launcher of %s/%s (%s), not of %s/%s (%s)",
			s.identity.Namespace, s.identity.Name, s.identity.UID, vmi.Namespace, vmi.Name, vmi.UID)
	}
	wanted := vm.Wanted{VMI: vmi, Host: host(request.GetHost()), Volumes: map[string]string{}}
	for _, volume := range request.GetVolumes() {
		wanted.Volumes[volume.GetName()] = volume.GetPath()
	}
	for _, nic := range request.GetInterfaces() {
		converted, err := networkInterface(nic)
		if err != nil {
			return vm.Wanted{}, fmt.Errorf("reading the interface of network %s: %w", nic.GetNetwork(), err)
		}
		wanted.Interfaces = append(wanted.Interfaces, converted)
	}
	return wanted, nil
}

func host(h *protocol.Host) vm.Host {
	smbios := h.GetSmbios()
	return vm.Host{
		Emulation:                 h.GetEmulation(),
		TranslationCacheMiB:       uint(h.GetTranslationCacheMib()),
		BalloonStatsPeriodSeconds: uint(h.GetBalloonStatsPeriodSeconds()),
		FreePageReporting:         h.GetFreePageReporting(),
		SMBIOS: vm.SMBIOS{
			Manufacturer: smbios.GetManufacturer(), Product: smbios.GetProduct(),
			Version: smbios.GetVersion(), SKU: smbios.GetSku(), Family: smbios.GetFamily(),
		},
	}
}

func networkInterface(nic *protocol.Interface) (vm.Interface, error) {
	mac, err := net.ParseMAC(nic.GetMac())
	if err != nil {
		return vm.Interface{}, fmt.Errorf("its MAC address: %w", err)
	}
	if nic.GetMtu() > math.MaxUint16 {
		return vm.Interface{}, errors.New("its MTU exceeds 65535")
	}
	converted := vm.Interface{Network: nic.GetNetwork(), Tap: nic.GetTap(), MAC: mac, MTU: uint16(nic.GetMtu())}
	if nic.GetDhcp() != nil {
		if converted.DHCP, err = lease(nic.GetDhcp()); err != nil {
			return vm.Interface{}, err
		}
	}
	return converted, nil
}

func lease(d *protocol.DHCP) (*vm.DHCP, error) {
	address, err := netip.ParsePrefix(d.GetAddress())
	if err != nil {
		return nil, fmt.Errorf("the guest's address: %w", err)
	}
	gateway, err := gatewayAddress(d.GetGateway())
	if err != nil {
		return nil, err
	}
	if !address.Addr().Is4() || !gateway.Is4() {
		return nil, errors.New("the guest's address and gateway are not both IPv4")
	}
	converted := &vm.DHCP{Device: d.GetDevice(), Address: address, Gateway: gateway}
	if d.GetAddress6() == "" {
		return converted, nil
	}
	if converted.Address6, err = netip.ParsePrefix(d.GetAddress6()); err != nil {
		return nil, fmt.Errorf("the guest's IPv6 address: %w", err)
	}
	if converted.Gateway6, err = gatewayAddress(d.GetGateway6()); err != nil {
		return nil, err
	}
	return converted, nil
}

// gatewayAddress accepts an address with or without a prefix length.
func gatewayAddress(s string) (netip.Addr, error) {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Addr(), nil
	}
	address, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("the gateway's address: %w", err)
	}
	return address, nil
}

var states = map[hypervisor.State]protocol.State{
	hypervisor.StateNone:         protocol.State_STATE_NONE,
	hypervisor.StateRunning:      protocol.State_STATE_RUNNING,
	hypervisor.StatePaused:       protocol.State_STATE_PAUSED,
	hypervisor.StateShuttingDown: protocol.State_STATE_SHUTTING_DOWN,
	hypervisor.StateShutoff:      protocol.State_STATE_SHUTOFF,
	hypervisor.StateCrashed:      protocol.State_STATE_CRASHED,
	hypervisor.StateSuspended:    protocol.State_STATE_SUSPENDED,
}

// state writes a snapshot as a message.
func state(snapshot vm.Snapshot) *protocol.DomainState {
	message := &protocol.DomainState{
		State:   states[snapshot.Status.State],
		Reason:  snapshot.Status.Reason,
		Machine: snapshot.Machine,
		Error:   snapshot.StartError,
		Frozen:  snapshot.Frozen,
	}
	if guest := snapshot.Agent; guest != nil {
		message.Agent = agent(guest)
	}
	return message
}

func agent(guest *hypervisor.GuestInfo) *protocol.Agent {
	message := &protocol.Agent{
		Version:       guest.AgentVersion,
		Hostname:      guest.Hostname,
		OsId:          guest.OSID,
		OsName:        guest.OSName,
		OsPrettyName:  guest.OSPrettyName,
		OsVersion:     guest.OSVersion,
		OsVersionId:   guest.OSVersionID,
		KernelRelease: guest.KernelRelease,
		KernelVersion: guest.KernelVersion,
		OsMachine:     guest.OSMachine,
		Timezone:      guest.Timezone,
	}
	for _, nic := range guest.Interfaces {
		message.Interfaces = append(message.Interfaces, &protocol.GuestInterface{Name: nic.Name, Mac: nic.MAC, Ips: nic.IPs})
	}
	return message
}
