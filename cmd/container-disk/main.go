// Command container-disk keeps the container of a container disk's image alive
// where images cannot be mounted as volumes. virt-handler finds its process as
// the peer of its socket and opens the disk in that process' root. It is
// linked statically and uses nothing of the image it runs in.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	socket := flag.String("socket", "", "unix socket to listen on until SIGTERM")
	copyTo := flag.String("copy-to", "", "copy this program to a file and exit")
	flag.Parse()
	var err error
	switch {
	case *copyTo != "":
		err = copySelf(*copyTo)
	case *socket != "":
		err = stay(*socket)
	default:
		err = errors.New("--socket or --copy-to is required")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "container-disk: %v\n", err)
		os.Exit(1)
	}
}

// copySelf makes the program available to a container of another image. Its
// name appears when it is complete.
func copySelf(target string) error {
	source, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("opening this program: %w", err)
	}
	defer func() { _ = source.Close() }()
	copied, err := os.CreateTemp(filepath.Dir(target), ".container-disk")
	if err != nil {
		return fmt.Errorf("creating the copy: %w", err)
	}
	_, err = io.Copy(copied, source)
	if err == nil {
		err = copied.Chmod(0o755)
	}
	if closeErr := copied.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(copied.Name(), target)
	}
	if err != nil {
		_ = os.Remove(copied.Name())
		return fmt.Errorf("writing the copy: %w", err)
	}
	return nil
}

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
