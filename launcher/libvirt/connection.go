// Package libvirt runs the launcher's domain through libvirtd. It is the only
// package that uses cgo; built with the tag libvirt_dlopen it needs no libvirt
// at build time.
package libvirt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// dialRetry is short because it is the delay between libvirtd's listening
	// and the launcher's noticing; a try on a missing socket costs microseconds.
	dialRetry     = 5 * time.Millisecond
	dialRetrySlow = 250 * time.Millisecond
	dialFastTries = 1000
	eventBuffer   = 64
)

// Hypervisor is launcher/hypervisor on a libvirtd that may come and go.
type Hypervisor struct {
	uri    string
	domain string
	log    *slog.Logger
	events chan hypervisor.Event

	mu sync.Mutex
	// conn is nil while there is no connection; changed is closed and renewed
	// whenever that changes.
	conn    *golibvirt.Connect
	changed chan struct{}
	// seen: the domain has been alive, so its absence is news.
	seen bool
	// panicked: the guest's kernel reported a panic since the last start.
	panicked bool
	// paused: the last start was to leave the guest paused.
	paused bool
	// diskError is the last one for which QEMU pauses the guest.
	diskError hypervisor.DiskError

	// agent admits one conversation with the guest agent at a time: how long it
	// may take to answer is a setting of the domain.
	agent *turns
}

var _ hypervisor.Hypervisor = (*Hypervisor)(nil)

// startLoop starts libvirt's event loop, which the process has once.
var startLoop = sync.OnceValue(func() error {
	if err := golibvirt.EventRegisterDefaultImpl(); err != nil {
		return fmt.Errorf("setting up libvirt's event loop: %w", err)
	}
	go func() {
		for {
			if err := golibvirt.EventRunDefaultImpl(); err != nil {
				time.Sleep(dialRetrySlow)
			}
		}
	}()
	return nil
})

// Open returns a Hypervisor for the domain called domain at uri. It connects
// once Run is called.
func Open(uri, domain string, log *slog.Logger) (*Hypervisor, error) {
	if err := startLoop(); err != nil {
		return nil, err
	}
	return &Hypervisor{
		uri: uri, domain: domain, log: log,
		events:  make(chan hypervisor.Event, eventBuffer),
		changed: make(chan struct{}),
		agent:   newTurns(),
	}, nil
}

// Run keeps a connection to libvirtd until ctx ends.
func (h *Hypervisor) Run(ctx context.Context) {
	for tries := 0; ctx.Err() == nil; tries++ {
		lost, err := h.connect()
		if err != nil {
			pause := dialRetry
			if tries > dialFastTries {
				pause = dialRetrySlow
			}
			if tries == dialFastTries {
				h.log.Error("libvirtd still cannot be reached", "err", err.Error())
			}
			sleep(ctx, pause)
			continue
		}
		tries = 0
		select {
		case <-ctx.Done():
		case <-lost:
			h.log.Info("connection to libvirtd lost")
		}
		h.disconnect()
	}
}

// connect dials, subscribes to events and reports the domain's present state.
// The channel it returns is closed when the connection breaks.
func (h *Hypervisor) connect() (<-chan struct{}, error) {
	conn, err := golibvirt.NewConnect(h.uri)
	if err != nil {
		return nil, fmt.Errorf("connecting to libvirtd: %w", err)
	}
	lost := make(chan struct{})
	var once sync.Once
	if err := h.subscribe(conn, func() { once.Do(func() { close(lost) }) }); err != nil {
		_, _ = conn.Close()
		return nil, err
	}
	h.resync(conn)
	h.mu.Lock()
	h.conn = conn
	close(h.changed)
	h.changed = make(chan struct{})
	h.mu.Unlock()
	return lost, nil
}

func (h *Hypervisor) subscribe(conn *golibvirt.Connect, onLost func()) error {
	if err := conn.RegisterCloseCallback(func(*golibvirt.Connect, golibvirt.ConnectCloseReason) { onLost() }); err != nil {
		return fmt.Errorf("watching the connection to libvirtd: %w", err)
	}
	if _, err := conn.DomainEventLifecycleRegister(nil, h.onLifecycle); err != nil {
		return fmt.Errorf("subscribing to the domain's states: %w", err)
	}
	if _, err := conn.DomainEventIOErrorReasonRegister(nil, h.onDiskError); err != nil {
		h.log.Info("no news of the disks' errors", "err", err.Error())
	}
	_, err := conn.DomainEventAgentLifecycleRegister(nil, h.onAgent)
	// libvirt's test driver has no guest agents.
	if err != nil && !isCode(err, golibvirt.ERR_NO_SUPPORT) && !isCode(err, golibvirt.ERR_OPERATION_INVALID) {
		h.log.Info("no news of the guest agent", "err", err.Error())
	}
	return nil
}

func (h *Hypervisor) disconnect() {
	h.mu.Lock()
	conn := h.conn
	h.conn = nil
	h.mu.Unlock()
	if conn != nil {
		_, _ = conn.Close()
	}
}

// resync reports what the domain is now: after a reconnection events may have
// been missed.
func (h *Hypervisor) resync(conn *golibvirt.Connect) {
	domain, err := conn.LookupDomainByName(h.domain)
	if err != nil {
		h.mu.Lock()
		seen := h.seen
		h.seen = false
		h.mu.Unlock()
		if seen && isCode(err, golibvirt.ERR_NO_DOMAIN) {
			h.emitStatus(hypervisor.Status{State: hypervisor.StateShutoff, Reason: hypervisor.ReasonUnknown})
		}
		return
	}
	defer func() { _ = domain.Free() }()
	state, reason, err := domain.GetState()
	if err != nil {
		h.log.Info("the domain's state is not known after reconnecting", "err", err.Error())
		return
	}
	h.emitStatus(statusOf(state, reason))
	if connected, known := agentConnected(domain); known {
		h.emit(hypervisor.Event{Agent: &connected})
	}
}

// with runs do on the connection, waiting for one until ctx ends; not after that.
func (h *Hypervisor) with(ctx context.Context, do func(*golibvirt.Connect) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%w: %w", hypervisor.ErrUnavailable, err)
		}
		h.mu.Lock()
		conn, changed := h.conn, h.changed
		if conn != nil {
			// A reference of its own keeps the connection valid should it be
			// closed meanwhile.
			err := conn.Ref()
			h.mu.Unlock()
			if err != nil {
				return fmt.Errorf("using the connection to libvirtd: %w", err)
			}
			defer func() { _, _ = conn.Close() }()
			return do(conn)
		}
		h.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// withDomain is with on the domain; hypervisor.ErrNoDomain when there is none.
func (h *Hypervisor) withDomain(ctx context.Context, do func(*golibvirt.Domain) error) error {
	return h.with(ctx, func(conn *golibvirt.Connect) error {
		domain, err := conn.LookupDomainByName(h.domain)
		if isCode(err, golibvirt.ERR_NO_DOMAIN) {
			return hypervisor.ErrNoDomain
		}
		if err != nil {
			return fmt.Errorf("looking the domain up: %w", err)
		}
		defer func() { _ = domain.Free() }()
		err = do(domain)
		if isCode(err, golibvirt.ERR_NO_DOMAIN) {
			return hypervisor.ErrNoDomain
		}
		return err
	})
}

func isCode(err error, code golibvirt.ErrorNumber) bool {
	var libvirtErr golibvirt.Error
	return errors.As(err, &libvirtErr) && libvirtErr.Code == code
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
