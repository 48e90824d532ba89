// Package vm owns the lifecycle of the launcher's one domain: what a request
// or an event means in which state (lifecycle.go, pure), doing it (machine.go),
// and getting volumes and network ready for a start (prepare.go).
package vm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// callTimeout bounds a call to the hypervisor that nobody waits for.
const callTimeout = 30 * time.Second

// ErrTerminating says that the launcher starts nothing any more.
var ErrTerminating = errors.New("the launcher is stopping, or its guest has ended")

// ErrNotRunning says that there is no guest to act on.
var ErrNotRunning = errors.New("no guest is running")

// Preparer makes everything ready that the domain refers to. It may be called
// again after a failed start.
type Preparer interface {
	Prepare(ctx context.Context, wanted Wanted) (Prepared, error)
}

// Prepared is what a domain is started from.
type Prepared struct {
	// XML is libvirt's description of the domain.
	XML string
	// Disks are the domain's disks that have a medium.
	Disks []Disk
	// Credentials are for the guest agent; nil for none.
	Credentials *Credentials
	// Dump is where a dump of the guest's memory goes; nil for nowhere.
	Dump *DumpTarget
}

// Options of a Machine.
type Options struct {
	Hypervisor hypervisor.Hypervisor
	Preparer   Preparer
	// Grace is how long the guest may take to shut down when the launcher is
	// told to stop; 0 destroys it at once.
	Grace time.Duration
	Log   *slog.Logger
}

// Machine is the launcher's one virtual machine.
type Machine struct {
	options Options
	// starting admits one start at a time.
	starting chan struct{}
	// verbs admits one action at a time that somebody waits for.
	verbs chan struct{}
	// What is asked of the guest, of which screenshots are taken one at a time.
	questions, programs, leftovers, large, screenshots places

	done chan int

	mu        sync.Mutex
	lifecycle lifecycle
	// disks are those of the domain that was started last, or is being started.
	disks     []Disk
	agent     *hypervisor.GuestInfo
	stopAgent context.CancelFunc
	// credentials are for the guest agent of that domain; nil for none.
	credentials       *Credentials
	credentialState   CredentialState
	credentialMessage string
	// dumpTarget is where a dump of the domain's memory goes, and dump the one that was
	// begun; nil for none.
	dumpTarget *DumpTarget
	dump       *MemoryDump
	// lostFilesystems of the guest are served no more.
	lostFilesystems []string
	// stopStart ends the waiting of a start that is under way; nil without one.
	stopStart context.CancelFunc
	watchers  map[chan struct{}]struct{}
}

// Snapshot is the machine as its watchers see it.
type Snapshot struct {
	Status     hypervisor.Status
	Machine    string
	StartError string
	// Disks is not changed once published.
	Disks []Disk
	// Agent is nil while the guest agent is not connected. It is not changed
	// once published.
	Agent *hypervisor.GuestInfo
	// Frozen: the guest's filesystems stand still.
	Frozen bool
	// Credentials is how far the guest agent is with the access credentials, and what
	// keeps it from going on.
	Credentials       CredentialState
	CredentialMessage string
	// MemoryDump is nil before one is begun. It is not changed once published.
	MemoryDump *MemoryDump
	// LostFilesystems are the volumes that the guest shares and that nobody serves any
	// more. It is not changed once published.
	LostFilesystems []string
}

// New returns a Machine without a guest. Run has to be called for anything to happen.
func New(options Options) *Machine {
	return &Machine{
		options:     options,
		starting:    make(chan struct{}, 1),
		verbs:       make(chan struct{}, 1),
		questions:   make(places, maxQuestions),
		programs:    make(places, maxPrograms),
		leftovers:   make(places, maxLeftovers),
		large:       make(places, maxLarge),
		screenshots: make(places, 1),
		done:        make(chan int, 1),
		lifecycle:   lifecycle{grace: options.Grace},
		watchers:    map[chan struct{}]struct{}{},
	}
}

// Run follows the hypervisor's events until ctx ends.
func (m *Machine) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-m.options.Hypervisor.Events():
			if event.Status != nil {
				m.options.Log.Info("domain changed", "state", event.Status.State.String(), "reason", event.Status.Reason)
				m.apply(func(l lifecycle) (lifecycle, []step) { return l.observed(*event.Status) })
			}
			if event.Agent != nil {
				m.agentChanged(ctx, *event.Agent)
			}
		}
	}
}

// Done delivers the launcher's exit code when it is time to go.
func (m *Machine) Done() <-chan int { return m.done }

// Sync makes the machine be as wanted: it starts the domain unless it is there.
func (m *Machine) Sync(ctx context.Context, wanted Wanted) error {
	select {
	case m.starting <- struct{}{}:
		defer func() { <-m.starting }()
	case <-ctx.Done():
		return fmt.Errorf("waiting for an earlier request: %w", ctx.Err())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.mu.Lock()
	current := m.lifecycle
	if current.mayStart() {
		m.lifecycle = current.begin(wanted.paused())
		m.stopStart = cancel
	}
	m.mu.Unlock()
	switch {
	case current.terminating, current.exited, current.status.State.Ended():
		return ErrTerminating
	case current.status.State.Alive():
		return nil // nothing that this version could change in a running domain
	}
	machine, err := m.start(ctx, wanted)
	m.apply(func(l lifecycle) (lifecycle, []step) { return l.began(machine, err) })
	return err
}

func (m *Machine) start(ctx context.Context, wanted Wanted) (string, error) {
	began := time.Now()
	ready, err := m.options.Preparer.Prepare(ctx, wanted)
	if err != nil {
		return "", err
	}
	// Known before the hypervisor's first word, so that this comes with them.
	m.mu.Lock()
	m.disks, m.credentials, m.dumpTarget = ready.Disks, ready.Credentials, ready.Dump
	if m.credentials != nil {
		m.credentialState = CredentialsWaiting
	}
	m.mu.Unlock()
	prepared := time.Now()
	machine, err := m.options.Hypervisor.Start(ctx, ready.XML, wanted.paused())
	if err != nil {
		return "", fmt.Errorf("starting the domain: %w", err)
	}
	m.options.Log.Info("domain started", "machine", machine,
		"prepareMillis", prepared.Sub(began).Milliseconds(), "startMillis", time.Since(prepared).Milliseconds())
	return machine, nil
}

// Shutdown asks the guest to shut down.
func (m *Machine) Shutdown() error { return m.act(lifecycle.shutdown) }

// Kill destroys the guest.
func (m *Machine) Kill() error { return m.act(lifecycle.kill) }

// Release lets the launcher of an ended guest exit.
func (m *Machine) Release() { m.apply(lifecycle.release) }

// Terminate is the pod's stop: the guest gets its grace period, then Done. A
// start that still waits for something is given up.
func (m *Machine) Terminate() {
	m.apply(lifecycle.terminate)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopStart != nil {
		m.stopStart()
	}
}

// act applies a decision that needs a living guest.
func (m *Machine) act(decide func(lifecycle) (lifecycle, []step)) error {
	m.mu.Lock()
	alive := m.lifecycle.status.State.Alive()
	m.mu.Unlock()
	if !alive {
		return ErrNotRunning
	}
	m.apply(decide)
	return nil
}

// apply takes a decision and does what follows from it.
func (m *Machine) apply(decide func(lifecycle) (lifecycle, []step)) {
	m.mu.Lock()
	next, steps := decide(m.lifecycle)
	changed := next.seen() != m.lifecycle.seen()
	m.lifecycle = next
	if next.status.State.Ended() {
		m.dropAgent()
	}
	if changed {
		m.notify()
	}
	m.mu.Unlock()
	m.carryOut(next, steps)
}

// carryOut does what follows from a decision. The hypervisor is asked for one thing
// after the other, without making the caller wait: what comes of it arrives as an
// event.
func (m *Machine) carryOut(decided lifecycle, steps []step) {
	thawTimer := func(l lifecycle) (lifecycle, []step) { return l.thawTimer(decided.freeze.count) }
	var requests []step
	for _, s := range steps {
		switch s {
		case stepResume, stepThaw, stepPress, stepDestroy:
			requests = append(requests, s)
		case stepArmPress:
			m.after(pressInterval, lifecycle.pressTimer)
		case stepArmGrace:
			m.after(m.options.Grace, lifecycle.graceTimer)
		case stepArmThaw:
			m.after(decided.freeze.limit, thawTimer)
		case stepArmThawAgain:
			m.after(thawAgain, thawTimer)
		case stepArmRelease:
			m.after(releaseWait, lifecycle.release)
		case stepExit:
			m.done <- decided.exitCode()
		}
	}
	if len(requests) > 0 {
		go func() {
			for _, s := range requests {
				m.request(s)
			}
		}()
	}
}

func (m *Machine) request(s step) {
	h := m.options.Hypervisor
	switch s {
	case stepResume:
		_ = m.call("resuming the guest", h.Resume)
	case stepThaw:
		err := m.call("thawing the guest's filesystems", h.Thaw)
		m.apply(func(l lifecycle) (lifecycle, []step) { return l.thawed(err) })
	case stepPress:
		_ = m.call("pressing the power button", h.PressPowerButton)
	case stepDestroy:
		_ = m.call("destroying the domain", h.Destroy)
	}
}

func (m *Machine) after(d time.Duration, decide func(lifecycle) (lifecycle, []step)) {
	time.AfterFunc(d, func() { m.apply(decide) })
}

// call asks the hypervisor on nobody's behalf: a failure is logged. That the domain
// is gone is none.
func (m *Machine) call(what string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	m.options.Log.Info(what)
	err := call(ctx)
	if err != nil && !errors.Is(err, hypervisor.ErrNoDomain) {
		m.options.Log.Info(what+" failed", "err", err.Error())
	}
	return err
}

// Snapshot returns the present state.
func (m *Machine) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Snapshot{
		Status:     m.lifecycle.status,
		Machine:    m.lifecycle.machine,
		StartError: m.lifecycle.startError,
		Disks:      m.disks,
		Agent:      m.agent,
		Frozen:     m.lifecycle.freeze.on,

		Credentials: m.credentialState, CredentialMessage: m.credentialMessage,
		MemoryDump: m.dump, LostFilesystems: m.lostFilesystems,
	}
}

// Watch returns a channel that gets a value after every change, several changes
// in a row possibly as one, and the function that ends this.
func (m *Machine) Watch() (<-chan struct{}, func()) {
	changed := make(chan struct{}, 1)
	m.mu.Lock()
	m.watchers[changed] = struct{}{}
	m.mu.Unlock()
	return changed, func() {
		m.mu.Lock()
		delete(m.watchers, changed)
		m.mu.Unlock()
	}
}

// notify tells the watchers; m.mu is held.
func (m *Machine) notify() {
	for watcher := range m.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}
