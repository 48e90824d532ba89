package network

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// inside runs f on a thread that has joined the network namespace. The thread is
// given back only when it could return to where it was.
func inside(namespace *os.File, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("opening the handler's network namespace: %w", err)
			return
		}
		defer home.Close()
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("joining the pod's network namespace: %w", err)
			return
		}
		err = f()
		// A thread that stays locked dies with its goroutine.
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// sysctls writes below /proc/sys/net of the namespace the thread is in. The proc
// filesystem is a fresh one that is mounted nowhere: a container's own /proc/sys
// cannot be written to. Files that the kernel does not have are skipped.
type sysctls struct{ proc int }

func openSysctls() (sysctls, error) {
	context, err := unix.Fsopen("proc", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return sysctls{}, fmt.Errorf("opening a proc filesystem: %w", err)
	}
	defer func() { _ = unix.Close(context) }()
	if err := unix.FsconfigCreate(context); err != nil {
		return sysctls{}, fmt.Errorf("creating a proc filesystem: %w", err)
	}
	proc, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return sysctls{}, fmt.Errorf("mounting a proc filesystem: %w", err)
	}
	return sysctls{proc: proc}, nil
}

func (s sysctls) close() { _ = unix.Close(s.proc) }

// set writes value to a file below sys/net unless it holds that value already.
func (s sysctls) set(name, value string) error {
	fd, err := unix.Openat(s.proc, "sys/net/"+name, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening sysctl net/%s: %w", name, err)
	}
	defer func() { _ = unix.Close(fd) }()
	present := make([]byte, len(value)+1)
	if n, err := unix.Pread(fd, present, 0); err == nil && string(present[:n]) == value+"\n" {
		return nil
	}
	if _, err := unix.Pwrite(fd, []byte(value), 0); err != nil {
		return fmt.Errorf("setting sysctl net/%s to %s: %w", name, value, err)
	}
	return nil
}
