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

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/hypervisor"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

// ProtocolVersion is the protocol's version that this package speaks.
const ProtocolVersion = 1

// bufferBytes per connection and direction: there is one client and its
// messages are small.
const bufferBytes = 4 << 10

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
		grpc.SharedWriteBuffer(true),
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
	session := s.session
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
	if err := s.machine.Sync(ctx, wanted); err != nil {
		s.log.Info("sync failed", "err", err.Error())
		return nil, toStatus(err)
	}
	return &protocol.SyncResponse{}, nil
}

// Signal implements protocol.LauncherServer.
func (s *Server) Signal(_ context.Context, request *protocol.SignalRequest) (*protocol.SignalResponse, error) {
	if _, err := s.admit(request.GetSession()); err != nil {
		return nil, err
	}
	s.log.Info("signal", "action", request.GetAction().String())
	var err error
	switch request.GetAction() {
	case protocol.Action_ACTION_SHUTDOWN:
		err = s.machine.Shutdown()
	case protocol.Action_ACTION_KILL:
		err = s.machine.Kill()
	case protocol.Action_ACTION_RELEASE:
		s.machine.Release()
	default:
		return nil, protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidRequest,
			fmt.Sprintf("action %d is not known", request.GetAction()))
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &protocol.SignalResponse{}, nil
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
		if err := stream.Send(state(s.machine.Snapshot())); err != nil {
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

// toStatus gives an error the code and reason that README.md lists.
func toStatus(err error) error {
	code, reason := codes.Internal, protocol.ReasonStartFailed
	switch {
	case errors.Is(err, vm.ErrTerminating):
		code, reason = codes.FailedPrecondition, protocol.ReasonTerminating
	case errors.Is(err, vm.ErrNotRunning):
		code, reason = codes.FailedPrecondition, protocol.ReasonNotRunning
	case errors.Is(err, hypervisor.ErrUnavailable):
		code, reason = codes.Unavailable, protocol.ReasonHypervisorUnavailable
	case errors.Is(err, disk.ErrInvalid):
		code, reason = codes.FailedPrecondition, protocol.ReasonInvalidVolume
	case errors.Is(err, vm.ErrNetwork):
		code, reason = codes.Internal, protocol.ReasonNetwork
	case errors.Is(err, vm.ErrDomain):
		code, reason = codes.InvalidArgument, protocol.ReasonInvalidDomain
	}
	return protocol.NewError(code, reason, err.Error())
}
