package vm

import (
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// releaseWait bounds how long an ended guest's launcher waits for the
	// handler to write the final status and clean the node up.
	releaseWait = 2 * time.Second
	// pressInterval is how often the power button is pressed again: a guest
	// that was still booting has not heard the first time.
	pressInterval = 5 * time.Second
)

// lifecycle is everything that decisions are made from. Its methods are pure:
// they return the next lifecycle and what has to be done.
type lifecycle struct {
	// grace is how long a guest may take to shut down.
	grace time.Duration

	status  hypervisor.Status
	machine string
	// startError is what the last start failed with.
	startError string

	starting bool
	// paused: the guest is to start with its virtual CPUs stopped.
	paused bool
	// ran: the guest has executed something, so that there is something to lose.
	ran bool
	// agent: the guest agent is connected.
	agent  bool
	freeze freeze
	// dumping: the guest's memory is being written, for which QEMU stops it.
	dumping bool
	// terminating: the launcher's pod is being stopped.
	terminating bool
	// stopping: the guest has been asked to shut down.
	stopping bool
	exited   bool
}

// step is something to do.
type step int

const (
	stepResume       step = iota // let the virtual CPUs run
	stepThaw                     // thaw the filesystems, report thawed
	stepPress                    // press the power button
	stepArmPress                 // after pressInterval, report pressTimer
	stepDestroy                  // destroy the domain
	stepArmGrace                 // after grace, report graceTimer
	stepArmThaw                  // after the freeze's time, report thawTimer
	stepArmThawAgain             // after thawAgain, report thawTimer
	stepArmRelease               // after releaseWait, report releaseTimer
	stepExit                     // end the launcher with exitCode
)

// seen is what watchers see of a lifecycle. How a start failed is not told to them: whoever
// asked for it has the answer, and knows when to ask again.
type seen struct {
	status  hypervisor.Status
	machine string
	frozen  bool
}

func (l lifecycle) seen() seen { return seen{l.status, l.machine, l.freeze.on} }

// mayStart tells whether a domain may be started now.
func (l lifecycle) mayStart() bool {
	return !l.starting && !l.terminating && !l.exited && l.status.State == hypervisor.StateNone
}

// begin notes that a start is under way.
func (l lifecycle) begin(paused bool) lifecycle {
	l.starting, l.paused = true, paused
	l.startError = ""
	return l
}

// began notes how the start ended. The hypervisor's own event may have come first.
func (l lifecycle) began(machine string, err error) (lifecycle, []step) {
	l.starting = false
	if err != nil {
		l.startError = err.Error()
		if l.terminating && !l.status.State.Alive() {
			return l.exit()
		}
		return l, nil
	}
	l.machine = machine
	if l.status.State == hypervisor.StateNone {
		l.status = hypervisor.Status{State: hypervisor.StateRunning}
		if l.paused {
			l.status = hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonUser}
		}
		l.ran = !l.paused
	}
	if l.terminating && l.status.State.Alive() {
		// Stopped before its first instruction mattered to anyone.
		return l, []step{stepDestroy}
	}
	return l, nil
}

// observed notes a change that the hypervisor reports.
func (l lifecycle) observed(status hypervisor.Status) (lifecycle, []step) {
	if l.status.State.Ended() {
		return l, nil
	}
	if status.State.Ended() && l.status.State == hypervisor.StateNone {
		return l, nil // a start that fails is reported by the start itself
	}
	l.status = l.inDump(status)
	l.ran = l.ran || status.State == hypervisor.StateRunning
	if status.State.Ended() {
		l.freeze.on = false
		return l, []step{stepArmRelease}
	}
	return l, nil
}

// terminate is SIGTERM: the guest gets its grace period. Without a guest there
// is nothing to wait for.
func (l lifecycle) terminate() (lifecycle, []step) {
	if l.terminating {
		return l, nil
	}
	l.terminating = true
	switch {
	case l.status.State.Ended():
		return l, nil // the release timer is running
	case l.starting:
		return l, nil // decided when the start ends
	case l.status.State == hypervisor.StateNone:
		return l.exit()
	case l.grace == 0, !l.ran:
		return l, []step{stepDestroy}
	}
	l, steps := l.shutdown()
	return l, append(steps, stepArmGrace)
}

// shutdown asks the guest to shut down by itself. One that started paused and has
// not run yet has nothing to put in order.
func (l lifecycle) shutdown() (lifecycle, []step) {
	switch {
	case !l.status.State.Alive():
		return l, nil
	case !l.ran:
		return l, []step{stepDestroy}
	case l.stopping:
		return l, l.press()
	}
	l.stopping = true
	return l, append(l.press(), stepArmPress)
}

// press is how a guest gets to hear the power button: a paused one does not run,
// and a frozen one cannot write what a shutdown writes. What the hypervisor itself
// has paused for a moment it lets run again.
func (l lifecycle) press() []step {
	var steps []step
	if l.status.State == hypervisor.StatePaused {
		switch l.status.Reason {
		case hypervisor.ReasonUser, hypervisor.ReasonIOError, hypervisor.ReasonWatchdog:
			steps = append(steps, stepResume)
		}
	}
	if l.freeze.on {
		steps = append(steps, stepThaw)
	}
	return append(steps, stepPress)
}

// pressTimer repeats the request to a guest that is still up.
func (l lifecycle) pressTimer() (lifecycle, []step) {
	if !l.status.State.Alive() {
		return l, nil
	}
	if l.status.State == hypervisor.StateShuttingDown {
		return l, []step{stepArmPress}
	}
	return l, append(l.press(), stepArmPress)
}

// graceTimer ends a guest that has used up its grace period.
func (l lifecycle) graceTimer() (lifecycle, []step) {
	if !l.status.State.Alive() {
		return l, nil
	}
	return l, []step{stepDestroy}
}

// kill ends the guest at once.
func (l lifecycle) kill() (lifecycle, []step) {
	if !l.status.State.Alive() {
		return l, nil
	}
	return l, []step{stepDestroy}
}

// release is the handler's word that the launcher may go. With a living guest
// it means nothing.
func (l lifecycle) release() (lifecycle, []step) {
	if !l.status.State.Ended() {
		return l, nil
	}
	return l.exit()
}

func (l lifecycle) exit() (lifecycle, []step) {
	if l.exited {
		return l, nil
	}
	l.exited = true
	return l, []step{stepExit}
}

// exitCode is the launcher's: 0 when the guest ended in order or never ran, 1
// when it was lost or had to be destroyed.
func (l lifecycle) exitCode() int {
	if l.status.State == hypervisor.StateCrashed {
		return 1
	}
	switch l.status.Reason {
	case hypervisor.ReasonDestroyed, hypervisor.ReasonFailed, hypervisor.ReasonUnknown, hypervisor.ReasonCrashed:
		return 1
	}
	return 0
}
