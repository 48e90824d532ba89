package vm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// rebootPatience is how long a refusal of a reboot is waited for. The guest's agent
// says nothing when it obeys: it goes.
const rebootPatience = 5 * time.Second

// Why an action is refused.
var (
	// ErrStopping says that the guest is on its way out.
	ErrStopping = errors.New("the guest is shutting down")
	// ErrPaused says that the guest's virtual CPUs have to run for this.
	ErrPaused = errors.New("the guest is paused")
	// ErrNoAgent says that only the guest agent could do this.
	ErrNoAgent = errors.New("the guest agent is not connected")
)

// mayPause and its like tell whether an action is possible now, and whether there
// is anything to do.

func (l lifecycle) mayPause() (needed bool, err error) {
	return l.status.State != hypervisor.StatePaused, l.stays()
}

func (l lifecycle) mayResume() (needed bool, err error) {
	return l.status.State == hypervisor.StatePaused, l.lives()
}

func (l lifecycle) mayReset() (needed bool, err error) { return true, l.stays() }

func (l lifecycle) mayReboot() (needed bool, err error) {
	return true, cmp.Or(l.stays(), l.runs())
}

func (l lifecycle) mayFreeze() (needed bool, err error) {
	return !l.freeze.on, cmp.Or(l.stays(), l.runs(), l.hasAgent())
}

// A guest may have been frozen by others as well, so thawing is always needed.
func (l lifecycle) mayThaw() (needed bool, err error) {
	return true, cmp.Or(l.lives(), l.runs(), l.hasAgent())
}

func (l lifecycle) lives() error {
	if !l.status.State.Alive() {
		return ErrNotRunning
	}
	return nil
}

func (l lifecycle) stays() error {
	if l.stopping || l.status.State == hypervisor.StateShuttingDown {
		return ErrStopping
	}
	return l.lives()
}

func (l lifecycle) runs() error {
	if l.status.State == hypervisor.StatePaused {
		return ErrPaused
	}
	return nil
}

func (l lifecycle) hasAgent() error {
	if !l.agent {
		return ErrNoAgent
	}
	return nil
}

// Pause stops the guest's virtual CPUs.
func (m *Machine) Pause(ctx context.Context) error {
	return m.verb(ctx, lifecycle.mayPause, m.options.Hypervisor.Suspend, nil)
}

// Resume lets the guest's virtual CPUs run.
func (m *Machine) Resume(ctx context.Context) error {
	return m.verb(ctx, lifecycle.mayResume, m.options.Hypervisor.Resume, nil)
}

// Reset presses the reset button. What was frozen is gone with the guest's kernel.
func (m *Machine) Reset(ctx context.Context) error {
	return m.verb(ctx, lifecycle.mayReset, m.options.Hypervisor.Reset, func(l lifecycle, err error) (lifecycle, []step) {
		l.freeze.on = l.freeze.on && err != nil
		return l, nil
	})
}

// Reboot asks the guest to reboot. How long it takes to do so is up to the guest.
func (m *Machine) Reboot(ctx context.Context) error {
	return m.verb(ctx, lifecycle.mayReboot, m.reboot, nil)
}

// Freeze has the guest's filesystems stand still until Thaw, but no longer than limit.
func (m *Machine) Freeze(ctx context.Context, limit time.Duration) error {
	return m.verb(ctx, lifecycle.mayFreeze, m.options.Hypervisor.Freeze, func(l lifecycle, err error) (lifecycle, []step) {
		return l.froze(limit, err)
	})
}

// Thaw ends a freeze. One that fails leaves the freeze to its timer.
func (m *Machine) Thaw(ctx context.Context) error {
	return m.verb(ctx, lifecycle.mayThaw, m.options.Hypervisor.Thaw, func(l lifecycle, err error) (lifecycle, []step) {
		if err != nil {
			return l, nil
		}
		return l.thawed(nil)
	})
}

// verb carries out what somebody waits for, one after the other. What has become of
// it is noted before the next one is looked at.
func (m *Machine) verb(ctx context.Context, may func(lifecycle) (bool, error), call func(context.Context) error,
	done func(lifecycle, error) (lifecycle, []step),
) error {
	if err := m.turn(ctx); err != nil {
		return err
	}
	defer func() { <-m.verbs }()
	m.mu.Lock()
	needed, err := may(m.lifecycle)
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if needed {
		err = gone(call(ctx))
	}
	if done != nil {
		m.apply(func(l lifecycle) (lifecycle, []step) { return done(l, err) })
	}
	return err
}

// turn waits until the actions before have been carried out.
func (m *Machine) turn(ctx context.Context) error {
	select {
	case m.verbs <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for an earlier action: %w", ctx.Err())
	}
}

// reboot asks the guest, after thawing it: a frozen one cannot end.
func (m *Machine) reboot(ctx context.Context) error {
	m.mu.Lock()
	before := m.lifecycle
	m.mu.Unlock()
	if before.freeze.on {
		if err := m.options.Hypervisor.Thaw(ctx); err != nil {
			return err
		}
		m.apply(func(l lifecycle) (lifecycle, []step) { return l.thawed(nil) })
	}
	asked := make(chan error, 1)
	go func() {
		asked <- m.call("rebooting the guest", func(ctx context.Context) error {
			return m.options.Hypervisor.Reboot(ctx, before.agent)
		})
	}()
	select {
	case err := <-asked:
		return err
	case <-time.After(rebootPatience):
		return nil
	}
}
