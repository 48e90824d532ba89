// Package server speaks launcher/protocol with the node's handler and turns its
// requests into what launcher/vm understands.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/launcher/hypervisor"
	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

// ProtocolVersion is the protocol's version that this package speaks.
const ProtocolVersion = 2

// bufferBytes per connection and direction: there is one client and its
// messages are small.
const bufferBytes = 4 << 10

// maxStreams are the calls that are received at once; more of them wait at the client.
// It leaves room for actions beside as many questions as launcher/vm takes.
const maxStreams = 64

// Identity is whose launcher this is.
type Identity struct {
	Namespace, Name, UID string
	// Version of the launcher's build.
	Version string
}

// Machine is what the server needs of launcher/vm.
type Machine interface {
	Sync(ctx context.Context, wanted vm.Wanted) error
	Shutdown() error
	Kill() error
	Release()
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	Reset(ctx context.Context) error
	Reboot(ctx context.Context) error
	Freeze(ctx context.Context, limit time.Duration) error
	Thaw(ctx context.Context) error
	DumpMemory(ctx context.Context) error
	Guest
	Snapshot() vm.Snapshot
	Watch() (<-chan struct{}, func())
}

// Server implements protocol.LauncherServer.
type Server struct {
	protocol.UnimplementedLauncherServer
	identity Identity
	machine  Machine
	log      *slog.Logger

	mu      sync.Mutex
	session uint64
	// verbosity is what the handler wants; own is what the VMI asks for, and wins.
	verbosity, own uint32
	// superseded is closed when a newer session begins.
	superseded chan struct{}
}

// New returns a server for one machine.
func New(identity Identity, machine Machine, log *slog.Logger) *Server {
	return &Server{identity: identity, machine: machine, log: log, superseded: make(chan struct{})}
}

// Listen binds the socket, replacing one that is left over.
func Listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing a left-over socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening for the handler: %w", err)
	}
	return listener, nil
}

// Serve answers on listener until ctx ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := grpc.NewServer(
		grpc.ReadBufferSize(bufferBytes), grpc.WriteBufferSize(bufferBytes),
		grpc.SharedWriteBuffer(true), grpc.MaxConcurrentStreams(maxStreams), grpc.UnaryInterceptor(s.logCall),
	)
	protocol.RegisterLauncherServer(server, s)
	stop := context.AfterFunc(ctx, server.Stop)
	defer stop()
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving the handler: %w", err)
	}
	return nil
}

// Info implements protocol.LauncherServer.
func (s *Server) Info(context.Context, *protocol.InfoRequest) (*protocol.InfoResponse, error) {
	s.mu.Lock()
	s.session++
	session, verbosity := s.session, s.verbosity
	close(s.superseded)
	s.superseded = make(chan struct{})
	s.mu.Unlock()
	s.log.Info("session opened", "session", session)
	return &protocol.InfoResponse{
		ProtocolVersion: ProtocolVersion,
		Session:         session,
		LauncherVersion: s.identity.Version,
		Namespace:       s.identity.Namespace,
		Name:            s.identity.Name,
		Uid:             s.identity.UID,
		LogVerbosity:    verbosity,
	}, nil
}

// admit refuses sessions other than the present one. The channel it returns is
// closed when that changes.
func (s *Server) admit(session uint64) (<-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session != s.session || session == 0 {
		return nil, stale(session, s.session)
	}
	return s.superseded, nil
}

func stale(session, current uint64) error {
	return protocol.NewError(codes.FailedPrecondition, protocol.ReasonStaleSession,
		fmt.Sprintf("session %d is not the present one, %d", session, current))
}

// Sync implements protocol.LauncherServer.
func (s *Server) Sync(ctx context.Context, request *protocol.SyncRequest) (*protocol.SyncResponse, error) {
	if _, err := s.admit(request.GetSession()); err != nil {
		return nil, err
	}
	wanted, err := s.wanted(request)
	if err != nil {
		return nil, protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidRequest, err.Error())
	}
	s.setVerbosity(func() { s.own = ownVerbosity(wanted.VMI) })
	if err := s.machine.Sync(ctx, wanted); err != nil {
		s.log.Info("sync failed", "err", err.Error())
		return nil, toStatus(err, protocol.ReasonStartFailed)
	}
	return &protocol.SyncResponse{}, nil
}

// Signal implements protocol.LauncherServer.
func (s *Server) Signal(ctx context.Context, request *protocol.SignalRequest) (*protocol.SignalResponse, error) {
	if _, err := s.admit(request.GetSession()); err != nil {
		return nil, err
	}
	act, err := s.action(request)
	if err != nil {
		return nil, protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidRequest, err.Error())
	}
	s.log.Info("signal", "action", request.GetAction().String())
	if err := act(ctx); err != nil {
		s.log.Info("signal failed", "action", request.GetAction().String(), "err", err.Error())
		return nil, toStatus(err, protocol.ReasonActionFailed)
	}
	return &protocol.SignalResponse{}, nil
}

// action returns what a request asks for.
func (s *Server) action(request *protocol.SignalRequest) (func(context.Context) error, error) {
	switch request.GetAction() {
	case protocol.Action_ACTION_SHUTDOWN:
		return func(context.Context) error { return s.machine.Shutdown() }, nil
	case protocol.Action_ACTION_KILL:
		return func(context.Context) error { return s.machine.Kill() }, nil
	case protocol.Action_ACTION_RELEASE:
		return func(context.Context) error { s.machine.Release(); return nil }, nil
	case protocol.Action_ACTION_PAUSE:
		return s.machine.Pause, nil
	case protocol.Action_ACTION_RESUME:
		return s.machine.Resume, nil
	case protocol.Action_ACTION_RESET:
		return s.machine.Reset, nil
	case protocol.Action_ACTION_REBOOT:
		return s.machine.Reboot, nil
	case protocol.Action_ACTION_UNFREEZE:
		return s.machine.Thaw, nil
	case protocol.Action_ACTION_DUMP_MEMORY:
		return s.machine.DumpMemory, nil
	case protocol.Action_ACTION_LOG_VERBOSITY:
		return func(context.Context) error {
			s.setVerbosity(func() { s.verbosity = request.GetLogVerbosity() })
			return nil
		}, nil
	case protocol.Action_ACTION_FREEZE:
		limit := time.Duration(request.GetThawAfterSeconds()) * time.Second
		if limit == 0 {
			return nil, errors.New("thaw_after_seconds is missing: nothing is frozen without an end")
		}
		return func(ctx context.Context) error { return s.machine.Freeze(ctx, limit) }, nil
	}
	return nil, fmt.Errorf("action %d is not known", request.GetAction())
}

// Watch implements protocol.LauncherServer.
func (s *Server) Watch(request *protocol.WatchRequest, stream grpc.ServerStreamingServer[protocol.DomainState]) error {
	superseded, err := s.admit(request.GetSession())
	if err != nil {
		return err
	}
	changed, stop := s.machine.Watch()
	defer stop()
	for {
		message := state(s.machine.Snapshot())
		s.log.Log(stream.Context(), jsonlog.Detail(3), "state", "state", message.GetState().String(), "reason", message.GetReason(),
			"agent", message.GetAgent() != nil)
		if err := stream.Send(message); err != nil {
			return err
		}
		select {
		case <-stream.Context().Done():
			return nil
		case <-superseded:
			return stale(request.GetSession(), request.GetSession()+1)
		case <-changed:
		}
	}
}

// toStatus gives an error the code and reason that README.md lists, and other for
// the reason of what QEMU, libvirt or the guest refuse.
func toStatus(err error, other protocol.Reason) error {
	code, reason := codes.Internal, other
	switch {
	case errors.Is(err, vm.ErrPaused):
		code, reason = codes.FailedPrecondition, protocol.ReasonPaused
	case errors.Is(err, vm.ErrNoAgent):
		code, reason = codes.FailedPrecondition, protocol.ReasonNoAgent
	case errors.Is(err, vm.ErrFrozen):
		code, reason = codes.FailedPrecondition, protocol.ReasonFrozen
	case errors.Is(err, hypervisor.ErrNoDisplay):
		code, reason = codes.FailedPrecondition, protocol.ReasonNoDisplay
	case errors.Is(err, vm.ErrStillRunning):
		code, reason = codes.DeadlineExceeded, protocol.ReasonStillRunning
	case errors.Is(err, vm.ErrNotStarted):
		return status.Error(codes.DeadlineExceeded, err.Error())
	case errors.Is(err, vm.ErrBusy):
		code, reason = codes.Unavailable, protocol.ReasonHypervisorUnavailable
	case errors.Is(err, vm.ErrTerminating), errors.Is(err, vm.ErrStopping):
		code, reason = codes.FailedPrecondition, protocol.ReasonTerminating
	case errors.Is(err, vm.ErrNotRunning):
		code, reason = codes.FailedPrecondition, protocol.ReasonNotRunning
	case errors.Is(err, hypervisor.ErrUnavailable):
		code, reason = codes.Unavailable, protocol.ReasonHypervisorUnavailable
	case errors.Is(err, disk.ErrInvalid):
		code, reason = codes.FailedPrecondition, protocol.ReasonInvalidVolume
	case errors.Is(err, vm.ErrNetwork):
		code, reason = codes.Internal, protocol.ReasonNetwork
	case errors.Is(err, hook.ErrSidecar):
		code, reason = codes.Internal, protocol.ReasonSidecar
	case errors.Is(err, vm.ErrDomain), errors.Is(err, hook.ErrUnusable):
		code, reason = codes.InvalidArgument, protocol.ReasonInvalidDomain
	}
	return protocol.NewError(code, reason, err.Error())
}
