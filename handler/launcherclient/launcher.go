// Package launcherclient finds the launchers of a node, talks to them and follows
// what they say about their guests.
package launcherclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"kubevirt.io/kubevirt/handler/cgroup"
	"kubevirt.io/kubevirt/handler/process"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Names below a launcher's run directory, as the launcher pod is rendered.
const (
	launcherSocket = "launcher.sock"
	// SerialSocket carries the first serial port's bytes.
	SerialSocket = "serial0.sock"
	// VNCSocket carries the display.
	VNCSocket = "vnc.sock"
)

// USBSockets carry the guest's USB redirection channels, one device each.
var USBSockets = []string{"usbredir-0.sock", "usbredir-1.sock", "usbredir-2.sock", "usbredir-3.sock"}

// infoTimeout bounds the first call; a launcher answers it before it has done
// anything else.
const infoTimeout = 10 * time.Second

// Finder knows where launchers are.
type Finder struct {
	// Pods is the kubelet's directory of pods: /var/lib/kubelet/pods.
	Pods string
	// Cgroups checks that a socket is served by the pod it belongs to.
	Cgroups cgroup.Reader
}

// RunDir is the directory that a launcher shares with its node.
func (f Finder) RunDir(podUID string) string { return f.EmptyDir(podUID, "run") }

// EmptyDir is where the node sees one of a pod's emptyDir volumes.
func (f Finder) EmptyDir(podUID, volume string) string {
	return filepath.Join(f.Pods, podUID, "volumes", "kubernetes.io~empty-dir", volume)
}

// Stream connects to one of the guest's byte streams in a launcher pod.
func (f Finder) Stream(ctx context.Context, podUID, socket string) (net.Conn, error) {
	conn, served, err := process.Connect(ctx, f.Cgroups, filepath.Join(f.RunDir(podUID), socket), podUID)
	if err != nil {
		return nil, err
	}
	served.Close()
	return conn, nil
}

// Launcher is one session with a launcher.
type Launcher struct {
	// PodUID is the pod it runs in; the kernel vouches for it.
	PodUID string
	// Process is the launcher's own process.
	Process *process.Process
	// Info is what the launcher said about itself; nothing else vouches for it.
	Info *protocol.InfoResponse

	conn   *grpc.ClientConn
	client protocol.LauncherClient

	telling sync.Mutex
	// verbosity is what the launcher was told last to log.
	verbosity uint32
}

// Dial connects to the launcher of a pod and opens a session, which ends every
// earlier one. It waits for the launcher to serve its socket.
func (f Finder) Dial(ctx context.Context, podUID string) (*Launcher, error) {
	socket, served, err := process.Await(ctx, f.Cgroups, filepath.Join(f.RunDir(podUID), launcherSocket), podUID)
	if err != nil {
		return nil, err
	}
	l := &Launcher{PodUID: podUID, Process: served}
	// The connection that was checked is the only one: a second one might reach
	// somebody else. A launcher that is lost is looked for anew.
	checked := make(chan net.Conn, 1)
	checked <- socket
	l.conn, err = grpc.NewClient("passthrough:///launcher",
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			select {
			case conn := <-checked:
				return conn, nil
			default:
				return nil, errors.New("the connection to the launcher was lost")
			}
		}),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithIdleTimeout(0),
		grpc.WithDisableServiceConfig(),
		grpc.WithReadBufferSize(4<<10), grpc.WithWriteBufferSize(4<<10),
	)
	if err != nil {
		_ = socket.Close()
		served.Close()
		return nil, fmt.Errorf("preparing the connection to the launcher: %w", err)
	}
	l.client = protocol.NewLauncherClient(l.conn)
	call, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	l.Info, err = l.client.Info(call, &protocol.InfoRequest{})
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("asking the launcher of pod %s who it is: %w", podUID, err)
	}
	l.verbosity = l.Info.GetLogVerbosity()
	return l, nil
}

// Sync hands over the wanted state; it returns once the launcher has applied it.
func (l *Launcher) Sync(ctx context.Context, wanted *protocol.SyncRequest) error {
	wanted.Session = l.Info.GetSession()
	if l.Info.GetProtocolVersion() < currentVersion {
		forPrevious(wanted)
	}
	_, err := l.client.Sync(ctx, wanted)
	return err
}

// Signal asks for one action on the guest.
func (l *Launcher) Signal(ctx context.Context, action protocol.Action) error {
	_, err := l.client.Signal(ctx, &protocol.SignalRequest{Session: l.Info.GetSession(), Action: action})
	return err
}

// Freeze has the guest's filesystems stand still, for thawAfter seconds at most.
func (l *Launcher) Freeze(ctx context.Context, thawAfter uint32) error {
	_, err := l.client.Signal(ctx, &protocol.SignalRequest{
		Session: l.Info.GetSession(), Action: protocol.Action_ACTION_FREEZE, ThawAfterSeconds: thawAfter,
	})
	return err
}

// Ask asks the guest's agent, or its display, for something; options and answer are
// those of the protocol's Guest. An answer of more than limit bytes is not read.
func (l *Launcher) Ask(ctx context.Context, question protocol.Question, options []byte, limit int) ([]byte, error) {
	response, err := l.client.Guest(ctx, &protocol.GuestRequest{
		Session: l.Info.GetSession(), Question: question, Options: options,
	}, grpc.MaxCallRecvMsgSize(limit))
	return response.GetAnswer(), err
}

// watch calls f with the guest's present state and with every later one, until
// the stream ends; it never returns nil.
func (l *Launcher) watch(ctx context.Context, f func(*protocol.DomainState)) error {
	stream, err := l.client.Watch(ctx, &protocol.WatchRequest{Session: l.Info.GetSession()})
	if err != nil {
		return err
	}
	for {
		state, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return errors.New("the launcher ended the stream of states")
		}
		if err != nil {
			return err
		}
		f(state)
	}
}

// Close ends the connection; the launcher and its guest run on.
func (l *Launcher) Close() {
	_ = l.conn.Close()
	l.Process.Close()
}
