package server

import (
	"encoding/json"
	"fmt"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
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
	if boot := request.GetKernelBoot(); boot != nil {
		wanted.KernelBoot = vm.KernelBoot{Kernel: boot.GetKernel(), Initrd: boot.GetInitrd()}
	}
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
		Room:                      disk.Room{TolerancePercent: h.GetClaimTolerancePercent(), Reserve: h.GetClaimReserveBytes()},
		FirmwareDirectory:         h.GetFirmwareDirectory(),
		SMBIOS: vm.SMBIOS{
			Manufacturer: smbios.GetManufacturer(), Product: smbios.GetProduct(),
			Version: smbios.GetVersion(), SKU: smbios.GetSku(), Family: smbios.GetFamily(),
		},
	}
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

var credentialStates = map[vm.CredentialState]protocol.CredentialState{
	vm.CredentialsNone:    protocol.CredentialState_CREDENTIAL_STATE_NONE,
	vm.CredentialsWaiting: protocol.CredentialState_CREDENTIAL_STATE_WAITING,
	vm.CredentialsInGuest: protocol.CredentialState_CREDENTIAL_STATE_IN_GUEST,
	vm.CredentialsFailed:  protocol.CredentialState_CREDENTIAL_STATE_FAILED,
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
	for _, disk := range snapshot.Disks {
		message.Disks = append(message.Disks, &protocol.Disk{Volume: disk.Volume, Target: disk.Target, Size: disk.Size})
	}
	if failed := snapshot.Status.DiskError; failed != (hypervisor.DiskError{}) {
		message.DiskError = &protocol.DiskError{Volume: vm.VolumeOf(failed.Alias), NoSpace: failed.NoSpace}
	}
	message.Credentials, message.CredentialMessage = credentialStates[snapshot.Credentials], snapshot.CredentialMessage
	message.LostFilesystems = snapshot.LostFilesystems
	if dump := snapshot.MemoryDump; dump != nil {
		message.MemoryDump = &protocol.MemoryDump{Volume: dump.Volume, File: dump.File, Started: dump.Started.Unix(), Error: dump.Error}
		if !dump.Ended.IsZero() {
			message.MemoryDump.Ended = dump.Ended.Unix()
		}
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
