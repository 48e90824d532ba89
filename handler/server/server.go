// Package server serves what virt-api asks of a node: byte streams of guests, and
// actions on them.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/types"

	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/protocol"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/turns"
)

const (
	// chunk is the most that is read from a device at once. Together with the
	// flow control of the connection it bounds what waits in this process.
	chunk = 16 << 10
	// connectTimeout bounds the connection to a device.
	connectTimeout = 5 * time.Second
	// handOver bounds the wait for the stream that is being replaced.
	handOver = 2 * time.Second
)

// sockets are the devices by the names of their sockets: more than one where a guest
// has several devices of a kind, and anyone will do.
var sockets = map[protocol.Device][]string{
	protocol.Device_DEVICE_CONSOLE:  {launcherclient.SerialSocket},
	protocol.Device_DEVICE_VNC:      {launcherclient.VNCSocket},
	protocol.Device_DEVICE_USBREDIR: launcherclient.USBSockets,
}

// errReplaced ends a stream whose device somebody else has opened.
var errReplaced = status.Error(codes.Aborted, "another client has opened the device")

// errHeld refuses a stream that was to leave the device to who has it.
var errHeld = status.Error(codes.AlreadyExists, "another client has the device open, and was to be left alone")

// errEnded says that the guest has closed its side.
var errEnded = errors.New("the guest has ended")

// Server implements protocol.HandlerServer.
type Server struct {
	protocol.UnimplementedHandlerServer

	launchers *launcherclient.Registry
	finder    launcherclient.Finder
	events    event.Recorder
	// turns bounds what the guests are asked at a time.
	turns *turns.Turns

	mutex sync.Mutex
	open  map[target]*session
}

// target is a device of a guest.
type target struct {
	uid    types.UID
	socket string
}

// session is an open stream.
type session struct {
	replaced chan struct{}
	done     chan struct{}
}

// New returns a server for the guests that are known to the registry. Events tell
// what it has done to them.
func New(launchers *launcherclient.Registry, finder launcherclient.Finder, events event.Recorder) *Server {
	return &Server{
		launchers: launchers, finder: finder, events: events, turns: turns.New(math.MaxInt, atOnce), open: map[target]*session{},
	}
}

// Stream connects the caller with one device. It ends with Aborted when another
// stream takes the device over, without an error when the guest ends.
func (s *Server) Stream(caller grpc.BidiStreamingServer[protocol.StreamChunk, protocol.StreamChunk]) error {
	first, err := caller.Recv()
	if err != nil {
		return err
	}
	wanted := first.GetTarget()
	if _, known := sockets[wanted.GetDevice()]; !known {
		return status.Errorf(codes.InvalidArgument, "there is no device %v", wanted.GetDevice())
	}
	guest, err := s.guest(wanted)
	if err != nil {
		return err
	}
	key, own, err := s.take(wanted)
	if err != nil {
		return err
	}
	defer s.leave(key, own)
	device, err := s.connect(caller.Context(), guest.PodUID, key.socket)
	if err != nil {
		return err
	}
	defer device.Close()
	// The caller learns by the header that the device is open.
	if err := caller.SendHeader(nil); err != nil {
		return err
	}
	return relay(caller, device, first.GetData(), own.replaced)
}

// claim is how a caller names a guest.
type claim interface {
	GetNamespace() string
	GetName() string
	GetUid() string
}

// guest returns a guest that runs here and is who the caller takes it for.
func (s *Server) guest(wanted claim) (*launcherclient.Guest, error) {
	instance, guest, known := s.launchers.Lookup(types.UID(wanted.GetUid()))
	if !known || guest.Launcher == nil || instance.Namespace != wanted.GetNamespace() || instance.Name != wanted.GetName() {
		return nil, status.Errorf(codes.NotFound, "virtual machine instance %s/%s (%s) does not run on this node",
			wanted.GetNamespace(), wanted.GetName(), wanted.GetUid())
	}
	return guest, nil
}

// take makes a new session the only one of a device: of the first that is free where
// a guest has several, else of the only one, whose present session it ends.
func (s *Server) take(wanted *protocol.StreamTarget) (target, *session, error) {
	own := &session{replaced: make(chan struct{}), done: make(chan struct{})}
	candidates := sockets[wanted.GetDevice()]
	s.mutex.Lock()
	key := target{uid: types.UID(wanted.GetUid())}
	var before *session
	for _, key.socket = range candidates {
		if before = s.open[key]; before == nil {
			break
		}
	}
	if err := mayReplace(before, len(candidates), wanted.GetKeepPresent()); err != nil {
		s.mutex.Unlock()
		return target{}, nil, err
	}
	s.open[key] = own
	s.mutex.Unlock()
	if before != nil {
		close(before.replaced)
		select {
		case <-before.done:
		case <-time.After(handOver):
		}
	}
	return key, own, nil
}

// mayReplace tells whether a session may end for a new one; there is none where a
// device is free.
func mayReplace(before *session, devices int, keep bool) error {
	switch {
	case before == nil:
		return nil
	case devices > 1:
		return status.Errorf(codes.ResourceExhausted, "all %d devices of this kind are in use; give one of them up first", devices)
	case keep:
		return errHeld
	}
	return nil
}

func (s *Server) leave(key target, own *session) {
	s.mutex.Lock()
	if s.open[key] == own {
		delete(s.open, key)
	}
	s.mutex.Unlock()
	close(own.done)
}

func (s *Server) connect(ctx context.Context, podUID, socket string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	device, err := s.finder.Stream(ctx, podUID, socket)
	switch {
	case err == nil:
		return device, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, status.Error(codes.FailedPrecondition, "the guest has no such device, or does not run")
	default:
		return nil, status.Error(codes.Unavailable, fmt.Sprintf("connecting to the device: %v", err))
	}
}

// relay copies both ways until one side ends or the stream is replaced. Each
// direction holds one chunk at a time: whoever is slow is waited for.
func relay(caller grpc.BidiStreamingServer[protocol.StreamChunk, protocol.StreamChunk], device net.Conn, early []byte, replaced <-chan struct{}) error {
	ended := make(chan error, 2)
	go func() { ended <- toDevice(caller, device, early) }()
	go func() { ended <- fromDevice(caller, device) }()
	select {
	case err := <-ended:
		if errors.Is(err, errEnded) {
			return nil
		}
		return err
	case <-replaced:
		return errReplaced
	case <-caller.Context().Done():
		return caller.Context().Err()
	}
}

func toDevice(caller grpc.BidiStreamingServer[protocol.StreamChunk, protocol.StreamChunk], device net.Conn, data []byte) error {
	for {
		if len(data) > 0 {
			if _, err := device.Write(data); err != nil {
				return errEnded
			}
		}
		next, err := caller.Recv()
		if errors.Is(err, io.EOF) {
			return nil // the caller has hung up
		}
		if err != nil {
			return err
		}
		data = next.GetData()
	}
}

func fromDevice(caller grpc.BidiStreamingServer[protocol.StreamChunk, protocol.StreamChunk], device net.Conn) error {
	buffer := make([]byte, chunk)
	for {
		n, err := device.Read(buffer)
		if n > 0 {
			if err := caller.Send(&protocol.StreamChunk{Data: buffer[:n]}); err != nil {
				return err
			}
		}
		if err != nil {
			return errEnded
		}
	}
}
