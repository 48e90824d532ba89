package vm

import (
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// thawAgain is when a thaw is tried again that has failed, or that a paused guest
// could not carry out.
const thawAgain = 5 * time.Second

// freeze is what is known about the guest's filesystems.
type freeze struct {
	// on: they stand still.
	on bool
	// count tells a freeze from those before it, whose timers still run.
	count int
	// limit is how long they may stand still.
	limit time.Duration
}

// froze notes how a freeze, for at most limit, has ended. One that has failed may
// have been carried out after it was given up, so it is taken back; and so is one
// of a guest that has been asked to shut down meanwhile.
func (l lifecycle) froze(limit time.Duration, err error) (lifecycle, []step) {
	if !l.status.State.Alive() {
		return l, nil
	}
	if err != nil {
		return l, []step{stepThaw}
	}
	l.freeze = freeze{on: true, count: l.freeze.count + 1, limit: limit}
	if l.stopping {
		return l, []step{stepThaw}
	}
	return l, []step{stepArmThaw}
}

// thawTimer ends a freeze whose time is up.
func (l lifecycle) thawTimer(count int) (lifecycle, []step) {
	switch {
	case !l.freeze.on || l.freeze.count != count:
		return l, nil
	case l.status.State == hypervisor.StatePaused:
		return l, []step{stepArmThawAgain}
	}
	return l, []step{stepThaw}
}

// thawed notes how a thaw has ended. A guest that is to shut down is thawed again
// with the next press of its power button.
func (l lifecycle) thawed(err error) (lifecycle, []step) {
	switch {
	case !l.freeze.on:
		return l, nil
	case err == nil:
		l.freeze.on = false
		return l, nil
	case l.stopping:
		return l, nil
	}
	return l, []step{stepArmThawAgain}
}
