package agent

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Reasons of a domain's state that decide something, in the protocol's words.
const (
	reasonUser           = "User"
	reasonIOError        = "IOError"
	reasonMigration      = "Migration"
	reasonPostcopy       = "Postcopy"
	reasonPostcopyFailed = "PostcopyFailed"
	reasonStartingUp     = "StartingUp"
	reasonShutdown       = "Shutdown"
	reasonSaved          = "Saved"
	reasonFromSnapshot   = "FromSnapshot"
	reasonDestroyed      = "Destroyed"
	reasonMigrated       = "Migrated"
)

// phaseFor is the phase that follows from what the launcher says. Scheduled and
// earlier phases are virt-controller's; final ones stay.
func phaseFor(vmi *v1.VirtualMachineInstance, state *protocol.DomainState, exited bool) v1.VirtualMachineInstancePhase {
	phase := vmi.Status.Phase
	if phase != v1.VMIPhaseScheduled && phase != v1.VMIPhaseRunning {
		return phase
	}
	switch {
	case alive(state) && exited:
		// The guest cannot outlive its launcher, and an orderly end is told first.
		return v1.VMIPhaseFailed
	case state.GetState() == protocol.State_STATE_PAUSED && state.GetReason() == reasonPostcopyFailed:
		return v1.VMIPhaseFailed
	case alive(state):
		return v1.VMIPhaseRunning
	case ended(state):
		return phaseOfEnd(vmi, state)
	}
	return phase
}

// phaseOfEnd is the phase of an instance whose domain has ended.
func phaseOfEnd(vmi *v1.VirtualMachineInstance, state *protocol.DomainState) v1.VirtualMachineInstancePhase {
	if state.GetState() == protocol.State_STATE_CRASHED {
		return v1.VMIPhaseFailed
	}
	switch state.GetReason() {
	case reasonShutdown, reasonSaved, reasonFromSnapshot:
		return v1.VMIPhaseSucceeded
	case reasonMigrated:
		return vmi.Status.Phase
	case reasonDestroyed:
		if !hasACPI(vmi) {
			// Without a power button, destroying is how such a guest is stopped.
			return v1.VMIPhaseSucceeded
		}
	}
	return v1.VMIPhaseFailed
}

// hasACPI tells whether the guest has a power button; it has unless the VMI says
// otherwise.
func hasACPI(vmi *v1.VirtualMachineInstance) bool {
	features := vmi.Spec.Domain.Features
	return features == nil || features.ACPI.Enabled == nil || *features.ACPI.Enabled
}

// alive tells whether the guest has been started and has not ended.
func alive(state *protocol.DomainState) bool {
	switch state.GetState() {
	case protocol.State_STATE_RUNNING, protocol.State_STATE_SHUTTING_DOWN, protocol.State_STATE_SUSPENDED:
		return true
	case protocol.State_STATE_PAUSED:
		return state.GetReason() != reasonStartingUp
	}
	return false
}

// ended tells whether the guest will never run again.
func ended(state *protocol.DomainState) bool {
	return state.GetState() == protocol.State_STATE_SHUTOFF || state.GetState() == protocol.State_STATE_CRASHED
}

// pausedFor returns the reason of the Paused condition, empty when the guest is
// not paused or only for a moment of the hypervisor's own.
func pausedFor(vmi *v1.VirtualMachineInstance, state *protocol.DomainState) (reason, message string) {
	if state.GetState() != protocol.State_STATE_PAUSED {
		return "", ""
	}
	switch state.GetReason() {
	case reasonUser:
		return v1.ReasonPausedByUser, "VMI was paused by user"
	case reasonMigration, reasonPostcopy:
		return v1.ReasonPausedByMigrationMonitor, "VMI was paused by the migration monitor"
	case reasonIOError:
		message = "VMI was paused, IO error"
		if cause := diskFailure(vmi, state.GetDiskError()); cause != "" {
			message += ": " + cause
		}
		return v1.ReasonPausedIOError, message
	}
	return "", ""
}
