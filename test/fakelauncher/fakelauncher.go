// Package fakelauncher is a launcher without a guest: it speaks the protocol on
// a real socket, does what a test tells it and remembers what it was asked.
package fakelauncher

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// SocketName is the socket's name in the launcher's run directory.
const SocketName = "launcher.sock"

// Identity is whose launcher it pretends to be.
type Identity struct{ Namespace, Name, UID string }

// Launcher is the fake. Its methods may be called from any goroutine.
type Launcher struct {
	protocol.UnimplementedLauncherServer
	identity Identity
	server   *grpc.Server
	// version of the protocol that it says it speaks.
	version uint32

	mu      sync.Mutex
	session uint64
	state   *protocol.DomainState
	onSync  func(*protocol.SyncRequest) error
	syncs   []*protocol.SyncRequest
	signals []protocol.Action
	// onSignal decides how Signal calls end.
	onSignal func(*protocol.SignalRequest) error
	// onGuest answers Guest calls.
	onGuest func(context.Context, *protocol.GuestRequest) ([]byte, error)
	// changed is closed and renewed with every change of anything above.
	changed chan struct{}
}

// Start listens on SocketName in dir, which may be deeper than a socket's path
// can be long. The launcher stops with the test.
func Start(t testing.TB, dir string, identity Identity) *Launcher {
	t.Helper()
	listener, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, listener, identity)
}

// StartPrevious is Start of a launcher that says it speaks the protocol's previous
// version.
func StartPrevious(t testing.TB, dir string, identity Identity) *Launcher {
	t.Helper()
	listener, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, listener, identity, 1)
}

// Serve is Start on a socket that is there already.
func Serve(t testing.TB, listener net.Listener, identity Identity) *Launcher {
	t.Helper()
	return serve(t, listener, identity, 2)
}

func serve(t testing.TB, listener net.Listener, identity Identity, version uint32) *Launcher {
	t.Helper()
	l := &Launcher{
		identity: identity, server: grpc.NewServer(), version: version,
		state: &protocol.DomainState{}, changed: make(chan struct{}),
	}
	protocol.RegisterLauncherServer(l.server, l)
	go func() { _ = l.server.Serve(listener) }()
	t.Cleanup(l.Stop)
	return l
}

func listen(dir string) (net.Listener, error) {
	opened, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the run directory: %w", err)
	}
	defer func() { _ = opened.Close() }()
	if err := os.Remove(filepath.Join(dir, SocketName)); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("removing a former socket: %w", err)
	}
	listener, err := net.Listen("unix", fmt.Sprintf("/proc/self/fd/%d/%s", opened.Fd(), SocketName))
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return listener, nil
}

// Stop ends the launcher as its pod's end would: connections break, the socket
// stays behind with nobody listening.
func (l *Launcher) Stop() { l.server.Stop() }

// SetState publishes a state to everybody who watches.
func (l *Launcher) SetState(state *protocol.DomainState) {
	l.update(func() { l.state = proto.Clone(state).(*protocol.DomainState) })
}

// OnSync decides how the following Sync calls end. Without it they succeed, and
// the first makes the domain run.
func (l *Launcher) OnSync(decide func(*protocol.SyncRequest) error) {
	l.update(func() { l.onSync = decide })
}

// OnSignal decides how the following Signal calls end. Without it they succeed, and
// nothing comes of them.
func (l *Launcher) OnSignal(decide func(*protocol.SignalRequest) error) {
	l.update(func() { l.onSignal = decide })
}

// OnGuest answers the following Guest calls. Without it the launcher is one of a
// version that did not know them.
func (l *Launcher) OnGuest(answer func(context.Context, *protocol.GuestRequest) ([]byte, error)) {
	l.update(func() { l.onGuest = answer })
}

// Syncs returns the Sync requests so far.
func (l *Launcher) Syncs() []*protocol.SyncRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.syncs)
}

// Signals returns the actions asked for so far.
func (l *Launcher) Signals() []protocol.Action {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.signals)
}

// Session returns the number that Info handed out last, 0 before the first.
func (l *Launcher) Session() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session
}

// Eventually waits until condition holds, looking again after every request
// and every change; it fails the test when that takes too long.
func (l *Launcher) Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if condition() {
			return
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond): // conditions may look elsewhere, too
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}

func (l *Launcher) update(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	close(l.changed)
	l.changed = make(chan struct{})
}

// Info implements protocol.LauncherServer.
func (l *Launcher) Info(context.Context, *protocol.InfoRequest) (*protocol.InfoResponse, error) {
	response := &protocol.InfoResponse{
		ProtocolVersion: l.version, LauncherVersion: "fake",
		Namespace: l.identity.Namespace, Name: l.identity.Name, Uid: l.identity.UID,
	}
	l.update(func() {
		l.session++
		response.Session = l.session
	})
	return response, nil
}

func (l *Launcher) admit(session uint64) error {
	if current := l.Session(); session != current {
		return protocol.NewError(codes.FailedPrecondition, protocol.ReasonStaleSession,
			fmt.Sprintf("session %d is not the present one, %d", session, current))
	}
	return nil
}

// Sync implements protocol.LauncherServer.
func (l *Launcher) Sync(_ context.Context, request *protocol.SyncRequest) (*protocol.SyncResponse, error) {
	if err := l.admit(request.GetSession()); err != nil {
		return nil, err
	}
	var decide func(*protocol.SyncRequest) error
	l.update(func() {
		l.syncs = append(l.syncs, request)
		decide = l.onSync
	})
	if decide != nil {
		if err := decide(request); err != nil {
			l.fail(err)
			return nil, err
		}
		return &protocol.SyncResponse{}, nil
	}
	l.update(func() {
		if l.state.GetState() == protocol.State_STATE_NONE {
			l.state = &protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0"}
		}
	})
	return &protocol.SyncResponse{}, nil
}

// fail publishes how a start failed, as launchers may at any time.
func (l *Launcher) fail(err error) {
	l.update(func() {
		l.state = proto.CloneOf(l.state)
		l.state.Error = status.Convert(err).Message()
	})
}

// Signal implements protocol.LauncherServer.
func (l *Launcher) Signal(_ context.Context, request *protocol.SignalRequest) (*protocol.SignalResponse, error) {
	if err := l.admit(request.GetSession()); err != nil {
		return nil, err
	}
	var decide func(*protocol.SignalRequest) error
	l.update(func() {
		l.signals = append(l.signals, request.GetAction())
		decide = l.onSignal
	})
	if decide != nil {
		if err := decide(request); err != nil {
			return nil, err
		}
	}
	return &protocol.SignalResponse{}, nil
}

// Guest implements protocol.LauncherServer.
func (l *Launcher) Guest(ctx context.Context, request *protocol.GuestRequest) (*protocol.GuestResponse, error) {
	l.mu.Lock()
	answer := l.onGuest
	l.mu.Unlock()
	if answer == nil {
		return l.UnimplementedLauncherServer.Guest(ctx, request)
	}
	if err := l.admit(request.GetSession()); err != nil {
		return nil, err
	}
	said, err := answer(ctx, request)
	if err != nil {
		return nil, err
	}
	return &protocol.GuestResponse{Answer: said}, nil
}

// Watch implements protocol.LauncherServer.
func (l *Launcher) Watch(request *protocol.WatchRequest, stream grpc.ServerStreamingServer[protocol.DomainState]) error {
	var sent *protocol.DomainState
	for {
		if err := l.admit(request.GetSession()); err != nil {
			return err
		}
		l.mu.Lock()
		state, changed := l.state, l.changed
		l.mu.Unlock()
		if state != sent {
			if err := stream.Send(state); err != nil {
				return err
			}
			sent = state
		}
		select {
		case <-stream.Context().Done():
			return nil
		case <-changed:
		}
	}
}
