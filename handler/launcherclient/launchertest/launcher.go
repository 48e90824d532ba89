// Package launchertest plays launchers for the tests of the node agent: real
// sockets and real processes, but no guest.
package launchertest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// Launcher serves the launcher protocol and remembers what it was asked.
type Launcher struct {
	protocol.UnimplementedLauncherServer

	// Namespace, Name and UID are whom it works for.
	Namespace, Name, UID string
	// OnSync decides how Sync ends; nil lets the guest run.
	OnSync func(*protocol.SyncRequest) error

	mutex    sync.Mutex
	session  uint64
	state    *protocol.DomainState
	watchers map[chan struct{}]bool
	synced   []*protocol.SyncRequest
	released chan struct{}
	server   *grpc.Server
}

// New returns a launcher without a guest.
func New(namespace, name, uid string) *Launcher {
	return &Launcher{
		Namespace: namespace, Name: name, UID: uid,
		state: &protocol.DomainState{}, watchers: map[chan struct{}]bool{}, released: make(chan struct{}),
	}
}

// Serve listens on launcher.sock in a directory, however long its path is.
func (l *Launcher) Serve(directory string) error {
	listener, err := Listen(filepath.Join(directory, "launcher.sock"))
	if err != nil {
		return err
	}
	l.server = grpc.NewServer()
	protocol.RegisterLauncherServer(l.server, l)
	go func() { _ = l.server.Serve(listener) }()
	return nil
}

// Listen listens on a unix socket whose path may be longer than an address.
func Listen(path string) (net.Listener, error) {
	link, err := os.MkdirTemp("", "l")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(link)
	short := filepath.Join(link, "d")
	if err := os.Symlink(filepath.Dir(path), short); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", filepath.Join(short, filepath.Base(path)))
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return listener, nil
}

// Stop ends the server and with it every connection.
func (l *Launcher) Stop() { l.server.Stop() }

// SetState makes state the guest's, for all who watch.
func (l *Launcher) SetState(state *protocol.DomainState) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.state = state
	for watcher := range l.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

// Synced returns the Sync requests so far.
func (l *Launcher) Synced() []*protocol.SyncRequest {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return append([]*protocol.SyncRequest(nil), l.synced...)
}

// Released is closed when the launcher was allowed to exit.
func (l *Launcher) Released() <-chan struct{} { return l.released }

// Info opens a session.
func (l *Launcher) Info(context.Context, *protocol.InfoRequest) (*protocol.InfoResponse, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.session++
	return &protocol.InfoResponse{
		ProtocolVersion: 1, Session: l.session, Namespace: l.Namespace, Name: l.Name, Uid: l.UID,
	}, nil
}

// Sync starts the guest.
func (l *Launcher) Sync(_ context.Context, request *protocol.SyncRequest) (*protocol.SyncResponse, error) {
	if err := l.check(request.GetSession()); err != nil {
		return nil, err
	}
	l.mutex.Lock()
	l.synced = append(l.synced, request)
	decide := l.OnSync
	l.mutex.Unlock()
	if decide != nil {
		if err := decide(request); err != nil {
			return nil, err
		}
	}
	l.SetState(&protocol.DomainState{State: protocol.State_STATE_RUNNING, Machine: "pc-q35-10.0"})
	return &protocol.SyncResponse{}, nil
}

// Signal obeys RELEASE and KILL.
func (l *Launcher) Signal(_ context.Context, request *protocol.SignalRequest) (*protocol.SignalResponse, error) {
	if err := l.check(request.GetSession()); err != nil {
		return nil, err
	}
	switch request.GetAction() {
	case protocol.Action_ACTION_RELEASE:
		l.mutex.Lock()
		defer l.mutex.Unlock()
		select {
		case <-l.released:
		default:
			close(l.released)
		}
	case protocol.Action_ACTION_KILL:
		l.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTOFF, Reason: "Destroyed"})
	}
	return &protocol.SignalResponse{}, nil
}

// Watch sends the present state and every change.
func (l *Launcher) Watch(request *protocol.WatchRequest, stream grpc.ServerStreamingServer[protocol.DomainState]) error {
	if err := l.check(request.GetSession()); err != nil {
		return err
	}
	changed := make(chan struct{}, 1)
	changed <- struct{}{}
	l.mutex.Lock()
	l.watchers[changed] = true
	l.mutex.Unlock()
	defer func() {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		delete(l.watchers, changed)
	}()
	for {
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-changed:
		}
		l.mutex.Lock()
		state := l.state
		l.mutex.Unlock()
		if err := stream.Send(state); err != nil {
			return err
		}
	}
}

func (l *Launcher) check(session uint64) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if session != l.session {
		return protocol.NewError(codes.FailedPrecondition, protocol.ReasonStaleSession, "a newer session is open")
	}
	return nil
}
