// Package process holds on to one process of a pod, found by the unix socket it
// serves: by a pidfd, so that a reused process number is never mistaken for it.
package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/handler/cgroup"
)

// lookAgain bounds the wait for a socket whose directory does not exist yet, or
// which nobody serves.
const lookAgain = time.Second

// Process is one process of a pod. Close it when it is no longer needed.
type Process struct {
	// PID is its number in the caller's process namespace. It is only to be
	// trusted together with Alive.
	PID int
	// Owner is the container it runs in, as its cgroup says.
	Owner cgroup.Owner

	pidfd  *os.File
	exited chan struct{}
	close  sync.Once
}

// Connect opens the unix socket at path and returns the connection with the
// process that serves it, which must belong to the pod. The connection is closed
// when it does not. Errors wrap those of the system (os.IsNotExist: no socket;
// ECONNREFUSED: nobody listens).
func Connect(ctx context.Context, cgroups cgroup.Reader, path, podUID string) (net.Conn, *Process, error) {
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to %s: %w", path, err)
	}
	served, err := peer(conn, cgroups)
	if err == nil && served.Owner.PodUID != podUID {
		err = fmt.Errorf("it is served by pod %s, not by %s", served.Owner.PodUID, podUID)
		served.Close()
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, fmt.Errorf("checking who serves %s: %w", path, err)
	}
	return conn, served, nil
}

// Await is Connect for a socket that may not be there, or not be served, yet. It
// waits without polling until ctx is done; any other failure ends it at once.
func Await(ctx context.Context, cgroups cgroup.Reader, path, podUID string) (net.Conn, *Process, error) {
	appeared := make(<-chan fsnotify.Event)
	if watcher, err := fsnotify.NewWatcher(); err == nil {
		defer func() { _ = watcher.Close() }()
		if watcher.Add(filepath.Dir(path)) == nil {
			appeared = watcher.Events
		}
	}
	almost := time.Millisecond
	for {
		conn, served, err := Connect(ctx, cgroups, path, podUID)
		wait := lookAgain
		switch {
		case err == nil:
			return conn, served, nil
		case errors.Is(err, unix.ECONNREFUSED):
			// A socket exists a moment before somebody listens on it.
			wait, almost = almost, min(2*almost, lookAgain)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, errors.Join(err, ctx.Err())
		case <-appeared:
		case <-time.After(wait):
		}
	}
}

// dial goes through a descriptor of the directory because a path below the
// kubelet's pod directory is longer than a socket address may be. The socket
// itself must not be a symbolic link: its directory belongs to the pod.
func dial(ctx context.Context, path string) (*net.UnixConn, error) {
	directory, err := os.OpenFile(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	socket, err := unix.Openat(int(directory.Fd()), filepath.Base(path), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(socket) }()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d", socket))
	if err != nil {
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}

func peer(conn *net.UnixConn, cgroups cgroup.Reader) (*Process, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var pidfd int
	var inner error
	if err := raw.Control(func(fd uintptr) { pidfd, inner = peerPidfd(int(fd)) }); err != nil {
		return nil, err
	}
	if inner != nil {
		return nil, inner
	}
	return hold(pidfd, cgroups)
}

func peerPidfd(socket int) (int, error) {
	pidfd, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_PEERPIDFD)
	if err == nil {
		return pidfd, nil
	}
	if err != unix.ENOPROTOOPT { // Linux before 6.5

		return -1, fmt.Errorf("asking for the peer's pidfd: %w", err)
	}
	credentials, err := unix.GetsockoptUcred(socket, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return -1, fmt.Errorf("asking for the peer's credentials: %w", err)
	}
	pidfd, err = unix.PidfdOpen(int(credentials.Pid), 0)
	if err != nil {
		return -1, fmt.Errorf("opening process %d: %w", credentials.Pid, err)
	}
	return pidfd, nil
}

// hold takes ownership of pidfd. The cgroup is read while the process is known
// to live: the pidfd is looked at after the reading, so the number cannot have
// been given to another process in between.
func hold(pidfd int, cgroups cgroup.Reader) (*Process, error) {
	if err := unix.SetNonblock(pidfd, true); err != nil { // lets the runtime's poller wait for it
		_ = unix.Close(pidfd)
		return nil, fmt.Errorf("making a pidfd pollable: %w", err)
	}
	p := &Process{pidfd: os.NewFile(uintptr(pidfd), "pidfd"), exited: make(chan struct{})}
	var err error
	if p.PID, err = pidOf(pidfd); err == nil {
		p.Owner, err = cgroups.OwnerOf(p.PID)
	}
	if err == nil && !p.Alive() {
		err = fmt.Errorf("process %d has ended", p.PID)
	}
	if err != nil {
		_ = p.pidfd.Close()
		return nil, err
	}
	go p.wait()
	return p, nil
}

func pidOf(pidfd int) (int, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
	if err != nil {
		return 0, fmt.Errorf("reading a pidfd's process number: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		value, found := strings.CutPrefix(line, "Pid:")
		if !found {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || pid <= 0 {
			return 0, fmt.Errorf("the process has ended or is not visible from here")
		}
		return pid, nil
	}
	return 0, fmt.Errorf("no process number in a pidfd's information")
}

// Alive tells whether the process has not ended yet.
func (p *Process) Alive() bool {
	raw, err := p.pidfd.SyscallConn()
	if err != nil {
		return false
	}
	ended := true
	err = raw.Control(func(fd uintptr) { ended = hasExited(fd) })
	return err == nil && !ended
}

// wait parks in the poller until the pidfd becomes readable, which it does when
// the process ends, or is closed.
func (p *Process) wait() {
	defer close(p.exited)
	if raw, err := p.pidfd.SyscallConn(); err == nil {
		_ = raw.Read(hasExited)
	}
}

// Exited is closed when the process has ended, or when Close was called.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Close gives the process up without touching it.
func (p *Process) Close() {
	p.close.Do(func() { _ = p.pidfd.Close() })
}

// Root opens the root directory of the process, for lookups that must not leave
// it; everything that the process mounted is visible below it.
func (p *Process) Root() (*os.File, error) {
	return p.open("root", unix.O_PATH|unix.O_DIRECTORY)
}

// Namespace opens one namespace of the process: "net", "mnt".
func (p *Process) Namespace(kind string) (*os.File, error) {
	return p.open(filepath.Join("ns", kind), unix.O_RDONLY)
}

// open opens an entry of the process's procfs directory and then makes sure that
// it was still this process's.
func (p *Process) open(entry string, flags int) (*os.File, error) {
	path := fmt.Sprintf("/proc/%d/%s", p.PID, entry)
	file, err := os.OpenFile(path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if !p.Alive() {
		_ = file.Close()
		return nil, fmt.Errorf("opening %s: the process has ended", path)
	}
	return file, nil
}

func hasExited(pidfd uintptr) bool {
	events := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(events, 0)
	return err == nil && n > 0
}
