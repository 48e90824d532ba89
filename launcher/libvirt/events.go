package libvirt

import (
	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// emit hands an event on. The receiver never does more than note it, so the
// buffer does not fill; should it, libvirt's event loop waits.
func (h *Hypervisor) emit(event hypervisor.Event) { h.events <- event }

func (h *Hypervisor) emitStatus(status hypervisor.Status) {
	h.mu.Lock()
	h.seen = status.State.Alive()
	h.mu.Unlock()
	h.emit(hypervisor.Event{Status: &status})
}

func (h *Hypervisor) ours(domain *golibvirt.Domain) bool {
	name, err := domain.GetName()
	return err == nil && name == h.domain
}

func (h *Hypervisor) onLifecycle(_ *golibvirt.Connect, domain *golibvirt.Domain, event *golibvirt.DomainEventLifecycle) {
	if !h.ours(domain) {
		return
	}
	h.mu.Lock()
	switch event.Event {
	case golibvirt.DOMAIN_EVENT_CRASHED:
		h.panicked = true
	case golibvirt.DOMAIN_EVENT_STARTED:
		h.panicked = false
	}
	panicked, paused, diskError := h.panicked, h.paused, h.diskError
	h.mu.Unlock()
	if status, news := statusOfEvent(event, panicked, paused); news {
		if status.Reason == hypervisor.ReasonIOError {
			status.DiskError = diskError
		}
		h.emitStatus(status)
	}
}

// noSpace is libvirt's word for ENOSPC.
const noSpace = "enospc"

// onDiskError notes which disk pauses the guest: libvirt reports that first, and then
// that the guest is suspended.
func (h *Hypervisor) onDiskError(_ *golibvirt.Connect, domain *golibvirt.Domain, event *golibvirt.DomainEventIOErrorReason) {
	if !h.ours(domain) || event.Action != golibvirt.DOMAIN_EVENT_IO_ERROR_PAUSE {
		return
	}
	h.mu.Lock()
	h.diskError = hypervisor.DiskError{Alias: event.DevAlias, NoSpace: event.Reason == noSpace}
	h.mu.Unlock()
}

func (h *Hypervisor) onAgent(_ *golibvirt.Connect, domain *golibvirt.Domain, event *golibvirt.DomainEventAgentLifecycle) {
	if !h.ours(domain) {
		return
	}
	connected := event.State == golibvirt.CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
	h.emit(hypervisor.Event{Agent: &connected})
}

// statusOfEvent translates a lifecycle event; news is false for those that
// change no state. A panic alone is none: what becomes of the guest is decided
// by its on_crash setting, and the event of that follows. A domain that is created
// paused reports that it has started all the same, and then that it is suspended.
func statusOfEvent(event *golibvirt.DomainEventLifecycle, panicked, paused bool) (status hypervisor.Status, news bool) {
	switch event.Event {
	case golibvirt.DOMAIN_EVENT_STARTED:
		if paused && golibvirt.DomainEventStartedDetailType(event.Detail) == golibvirt.DOMAIN_EVENT_STARTED_BOOTED {
			return hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonUser}, true
		}
		return hypervisor.Status{State: hypervisor.StateRunning}, true
	case golibvirt.DOMAIN_EVENT_RESUMED:
		return hypervisor.Status{State: hypervisor.StateRunning}, true
	case golibvirt.DOMAIN_EVENT_SUSPENDED:
		return hypervisor.Status{
			State:  hypervisor.StatePaused,
			Reason: reason(suspendReasons, golibvirt.DomainEventSuspendedDetailType(event.Detail)),
		}, true
	case golibvirt.DOMAIN_EVENT_PMSUSPENDED:
		return hypervisor.Status{State: hypervisor.StateSuspended}, true
	case golibvirt.DOMAIN_EVENT_SHUTDOWN:
		return hypervisor.Status{State: hypervisor.StateShuttingDown}, true
	case golibvirt.DOMAIN_EVENT_STOPPED:
		return stoppedStatus(golibvirt.DomainEventStoppedDetailType(event.Detail), panicked), true
	}
	return hypervisor.Status{}, false
}

var suspendReasons = map[golibvirt.DomainEventSuspendedDetailType]string{
	golibvirt.DOMAIN_EVENT_SUSPENDED_PAUSED:          hypervisor.ReasonUser,
	golibvirt.DOMAIN_EVENT_SUSPENDED_MIGRATED:        hypervisor.ReasonMigration,
	golibvirt.DOMAIN_EVENT_SUSPENDED_IOERROR:         hypervisor.ReasonIOError,
	golibvirt.DOMAIN_EVENT_SUSPENDED_WATCHDOG:        hypervisor.ReasonWatchdog,
	golibvirt.DOMAIN_EVENT_SUSPENDED_RESTORED:        hypervisor.ReasonSave,
	golibvirt.DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT:   hypervisor.ReasonFromSnapshot,
	golibvirt.DOMAIN_EVENT_SUSPENDED_POSTCOPY:        hypervisor.ReasonPostcopy,
	golibvirt.DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED: hypervisor.ReasonPostcopyFail,
}

// stoppedStatus tells a guest that ended from one whose QEMU was lost.
func stoppedStatus(detail golibvirt.DomainEventStoppedDetailType, panicked bool) hypervisor.Status {
	switch detail {
	case golibvirt.DOMAIN_EVENT_STOPPED_SHUTDOWN:
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonShutdown}
	case golibvirt.DOMAIN_EVENT_STOPPED_DESTROYED:
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonDestroyed}
	case golibvirt.DOMAIN_EVENT_STOPPED_MIGRATED:
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonMigrated}
	case golibvirt.DOMAIN_EVENT_STOPPED_SAVED:
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonSaved}
	case golibvirt.DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT:
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonFromSnapshot}
	case golibvirt.DOMAIN_EVENT_STOPPED_CRASHED:
		if panicked {
			return hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonPanicked}
		}
		return hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonCrashed}
	}
	// STOPPED_FAILED: the monitor closed although nobody had shut the guest down.
	return hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonCrashed}
}

var pausedReasons = map[golibvirt.DomainPausedReason]string{
	golibvirt.DOMAIN_PAUSED_USER:            hypervisor.ReasonUser,
	golibvirt.DOMAIN_PAUSED_MIGRATION:       hypervisor.ReasonMigration,
	golibvirt.DOMAIN_PAUSED_SAVE:            hypervisor.ReasonSave,
	golibvirt.DOMAIN_PAUSED_DUMP:            hypervisor.ReasonDump,
	golibvirt.DOMAIN_PAUSED_IOERROR:         hypervisor.ReasonIOError,
	golibvirt.DOMAIN_PAUSED_WATCHDOG:        hypervisor.ReasonWatchdog,
	golibvirt.DOMAIN_PAUSED_FROM_SNAPSHOT:   hypervisor.ReasonFromSnapshot,
	golibvirt.DOMAIN_PAUSED_SHUTTING_DOWN:   hypervisor.ReasonShuttingDown,
	golibvirt.DOMAIN_PAUSED_SNAPSHOT:        hypervisor.ReasonSnapshot,
	golibvirt.DOMAIN_PAUSED_CRASHED:         hypervisor.ReasonCrashed,
	golibvirt.DOMAIN_PAUSED_STARTING_UP:     hypervisor.ReasonStartingUp,
	golibvirt.DOMAIN_PAUSED_POSTCOPY:        hypervisor.ReasonPostcopy,
	golibvirt.DOMAIN_PAUSED_POSTCOPY_FAILED: hypervisor.ReasonPostcopyFail,
}

var shutoffReasons = map[golibvirt.DomainShutoffReason]string{
	golibvirt.DOMAIN_SHUTOFF_SHUTDOWN:      hypervisor.ReasonShutdown,
	golibvirt.DOMAIN_SHUTOFF_DESTROYED:     hypervisor.ReasonDestroyed,
	golibvirt.DOMAIN_SHUTOFF_CRASHED:       hypervisor.ReasonCrashed,
	golibvirt.DOMAIN_SHUTOFF_MIGRATED:      hypervisor.ReasonMigrated,
	golibvirt.DOMAIN_SHUTOFF_SAVED:         hypervisor.ReasonSaved,
	golibvirt.DOMAIN_SHUTOFF_FAILED:        hypervisor.ReasonFailed,
	golibvirt.DOMAIN_SHUTOFF_FROM_SNAPSHOT: hypervisor.ReasonFromSnapshot,
}

func reason[K comparable](names map[K]string, key K) string {
	if name, known := names[key]; known {
		return name
	}
	return hypervisor.ReasonUnknown
}

// statusOf translates a domain's state as libvirt answers it.
func statusOf(state golibvirt.DomainState, detail int) hypervisor.Status {
	switch state {
	case golibvirt.DOMAIN_RUNNING, golibvirt.DOMAIN_BLOCKED:
		return hypervisor.Status{State: hypervisor.StateRunning}
	case golibvirt.DOMAIN_PAUSED:
		return hypervisor.Status{State: hypervisor.StatePaused, Reason: reason(pausedReasons, golibvirt.DomainPausedReason(detail))}
	case golibvirt.DOMAIN_SHUTDOWN:
		return hypervisor.Status{State: hypervisor.StateShuttingDown}
	case golibvirt.DOMAIN_SHUTOFF:
		return hypervisor.Status{State: hypervisor.StateShutoff, Reason: reason(shutoffReasons, golibvirt.DomainShutoffReason(detail))}
	case golibvirt.DOMAIN_CRASHED:
		if golibvirt.DomainCrashedReason(detail) == golibvirt.DOMAIN_CRASHED_PANICKED {
			return hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonPanicked}
		}
		return hypervisor.Status{State: hypervisor.StateCrashed, Reason: hypervisor.ReasonCrashed}
	case golibvirt.DOMAIN_PMSUSPENDED:
		return hypervisor.Status{State: hypervisor.StateSuspended}
	}
	return hypervisor.Status{State: hypervisor.StateNone, Reason: hypervisor.ReasonUnknown}
}
