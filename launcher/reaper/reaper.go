// Package reaper collects the exit status of every process that ends below the
// launcher. As the first process of its pod the launcher inherits orphans (QEMU
// is one: libvirt daemonizes it), and libvirt waits ten seconds for a process
// that stays a zombie.
package reaper

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Reaper owns wait(2) in this process: nothing else may wait for children, so
// processes are started through it and never by os/exec.
type Reaper struct {
	mu       sync.Mutex
	children map[int]chan syscall.WaitStatus
}

// New returns a Reaper and makes this process the one that orphans below it
// are handed to, also when it is not the first of its PID namespace.
func New() (*Reaper, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the reaper of orphaned processes: %w", err)
	}
	return &Reaper{children: map[int]chan syscall.WaitStatus{}}, nil
}

// Run reaps until ctx ends.
func (r *Reaper) Run(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	defer signal.Stop(signals)
	for {
		r.reap()
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
	}
}

// reap collects everybody that has ended by now.
func (r *Reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if exited, ours := r.children[pid]; ours {
			delete(r.children, pid)
			exited <- status
			close(exited)
		}
	}
}

// Start runs a program and returns its process id and the channel its status
// comes on when it ends.
func (r *Reaper) Start(argv []string, attr *os.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	// Held until the child is known, so that its end cannot be taken for an orphan's.
	r.mu.Lock()
	defer r.mu.Unlock()
	process, err := os.StartProcess(argv[0], argv, attr)
	if err != nil {
		return 0, nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	pid := process.Pid
	_ = process.Release()
	exited := make(chan syscall.WaitStatus, 1)
	r.children[pid] = exited
	return pid, exited, nil
}
