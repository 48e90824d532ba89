package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// stay listens, so that a connection tells which process this is, and returns
// on SIGTERM. The kernel completes connections by itself; nobody is answered.
func stay(path string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a left-over socket: %w", err)
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket: %w", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return fmt.Errorf("binding %s: %w", path, err)
	}
	if err := syscall.Listen(fd, 16); err != nil {
		return fmt.Errorf("listening on %s: %w", path, err)
	}
	go func() {
		for {
			// Hung up at once: what the caller came for it has by connecting.
			connection, _, err := syscall.Accept(fd)
			switch err {
			case nil:
				_ = syscall.Close(connection)
			case syscall.EINTR, syscall.ECONNABORTED:
			default:
				return // full queue or not: whoever connects still sees the peer
			}
		}
	}()
	<-signals
	return os.Remove(path)
}
