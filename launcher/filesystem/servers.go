// Package filesystem serves directories of the launcher's container to the guest,
// each by a virtiofsd of its own that can reach nothing else.
package filesystem

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/reaper"
)

// Command is the launcher's command that becomes virtiofsd.
const Command = "share"

// Share is a directory that the guest sees.
type Share struct {
	// Name of its volume.
	Name string
	// Directory in the launcher's container, as Open and Directory open it.
	Directory *os.File
	// ReadOnly keeps the guest from changing anything in it.
	ReadOnly bool
}

// Servers are the processes that serve the guest. Starts are serialized by the
// Machine, so nothing here is locked.
type Servers struct {
	// Dir takes the sockets.
	Dir    string
	Reaper *reaper.Reaper
	Log    *slog.Logger
	// Lost is told of volumes whose server has ended, though nobody had it ended; nil for
	// nobody. That of a guest that is gone is one of them.
	Lost func(volume string)

	running map[string]*server
}

type server struct {
	pid   int
	ended chan struct{}
	// replaced: there is, or will be, another.
	replaced atomic.Bool
}

// afterGuest is how much later than a server the end of its guest is known.
const afterGuest = 2 * time.Second

// Serve starts the server of a share and returns its socket, to which QEMU can
// connect from now on. A server that is left from a start that failed goes first:
// each serves one QEMU, and ends with it.
func (s *Servers) Serve(share Share) (string, error) {
	if _, err := landlock(); err != nil {
		return "", err
	}
	s.stop(share.Name)
	listener, socket, err := s.listen(share.Name)
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	output, err := jsonlog.Lines(s.Log.With("volume", share.Name), "virtiofsd", withoutTime)
	if err != nil {
		return "", err
	}
	defer func() { _ = output.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return "", fmt.Errorf("starting virtiofsd: %w", err)
	}
	defer func() { _ = null.Close() }()
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("starting virtiofsd: %w", err)
	}
	arguments := []string{self, Command}
	if share.ReadOnly {
		arguments = append(arguments, "--read-only")
	}
	pid, exited, err := s.Reaper.Start(arguments, &os.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []*os.File{null, output, output, listener, share.Directory},
		Sys: &syscall.SysProcAttr{},
	})
	if err != nil {
		return "", err
	}
	started := &server{pid: pid, ended: make(chan struct{})}
	go s.await(share.Name, started, exited)
	if s.running == nil {
		s.running = map[string]*server{}
	}
	s.running[share.Name] = started
	return socket, nil
}

// await sees a server's end. It is in order when QEMU is gone; else the guest waits for
// what it has asked for, and goes on with all the rest.
func (s *Servers) await(volume string, started *server, exited <-chan syscall.WaitStatus) {
	status := <-exited
	close(started.ended)
	s.Log.Info("virtiofsd ended", "volume", volume, "status", status.ExitStatus(), "signal", status.Signal().String())
	time.Sleep(afterGuest)
	if s.Lost != nil && !started.replaced.Load() {
		s.Lost(volume)
	}
}

// listen makes the socket before there is a server, so that QEMU need not wait for it.
func (s *Servers) listen(name string) (*os.File, string, error) {
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return nil, "", fmt.Errorf("making the directory of filesystem sockets: %w", err)
	}
	path := filepath.Join(s.Dir, name+".sock")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("removing a left-over socket: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, "", fmt.Errorf("listening for QEMU: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	defer func() { _ = listener.Close() }()
	file, err := listener.File()
	if err != nil {
		return nil, "", fmt.Errorf("listening for QEMU: %w", err)
	}
	return file, path, nil
}

func (s *Servers) stop(name string) {
	old, running := s.running[name]
	if !running {
		return
	}
	old.replaced.Store(true)
	select {
	case <-old.ended:
	default:
		_ = syscall.Kill(old.pid, syscall.SIGKILL)
		<-old.ended
	}
	delete(s.running, name)
}

// logPrefix is the time that virtiofsd puts before each line.
var logPrefix = regexp.MustCompile(`^\[\S+ +(\S+) +\S+\] `)

func withoutTime(line string) string {
	return strings.TrimSpace(logPrefix.ReplaceAllString(line, "$1: "))
}
