// Package netns is networks for tests: namespaces that stand for a node, a pod and a
// guest, and what connects them.
package netns

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// NIC is the guest's interface.
const NIC = "ens1"

// New makes an empty network namespace that lives as long as the test.
func New(t testing.TB) *os.File {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	var file *os.File
	if err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		var err error
		file, err = os.Open("/proc/thread-self/ns/net")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// In runs f on a thread in the namespace, which may change whatever of the thread.
func In(namespace *os.File, f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return f()
	})
}

// onThread runs f on a thread of its own, which ends with it.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is not to be used again
		done <- f()
	}()
	return <-done
}

// Sysctl sets one of a namespace's below /proc/sys/net.
func Sysctl(t testing.TB, namespace *os.File, name, value string) {
	t.Helper()
	if err := In(namespace, func() error { return os.WriteFile("/proc/sys/net/"+name, []byte(value), 0) }); err != nil {
		t.Fatal(err)
	}
}

// Plug connects a tap device of the pod with the guest's NIC, as QEMU does.
func Plug(t testing.TB, pod, guest *os.File, tap string) {
	t.Helper()
	inner, outer := OpenTap(t, pod, tap), OpenTap(t, guest, NIC)
	go relay(inner, outer)
	go relay(outer, inner)
}

// relay copies frames one by one; a device that is down drops them.
func relay(to, from *os.File) {
	frame := make([]byte, 1<<16)
	for {
		n, err := from.Read(frame)
		if err != nil {
			return
		}
		_, _ = to.Write(frame[:n])
	}
}

// OpenTap opens a tap device as QEMU does, creating it where it is missing.
func OpenTap(t testing.TB, namespace *os.File, name string) *os.File {
	t.Helper()
	var file *os.File
	if err := In(namespace, func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		request, err := unix.NewIfreq(name)
		if err == nil {
			request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
			err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("opening %s: %w", name, err), unix.Close(fd))
		}
		file = os.NewFile(uintptr(fd), name)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// Serve answers every TCP connection with the peer's address, and then whatever it
// says with the same.
func Serve(t testing.TB, namespace *os.File, address string) {
	t.Helper()
	if err := In(namespace, func() error {
		kinds := []string{"tcp4", "tcp6"}
		if !strings.HasPrefix(address, ":") {
			kinds = []string{"tcp"}
		}
		for _, kind := range kinds {
			listener, err := net.Listen(kind, address)
			if err != nil {
				return err
			}
			t.Cleanup(func() { listener.Close() })
			go answer(listener)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func answer(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		fmt.Fprintln(conn, conn.RemoteAddr().(*net.TCPAddr).IP)
		go func() { _, _ = io.Copy(conn, conn) }()
	}
}

// Call connects with what Serve serves and returns which address that has seen. A
// link that has just come up may drop the first packet, so patience should let it be
// sent again.
func Call(t testing.TB, namespace *os.File, address string, patience time.Duration) (string, net.Conn, error) {
	t.Helper()
	var conn net.Conn
	err := In(namespace, func() error {
		var err error
		conn, err = net.DialTimeout("tcp", address, patience)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	t.Cleanup(func() { conn.Close() })
	seen := make([]byte, 64)
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	n, err := conn.Read(seen)
	return strings.TrimSpace(string(seen[:n])), conn, err
}

// Watch passes every frame on that a namespace sends or receives, until the test ends.
func Watch(t testing.TB, namespace *os.File, see func(frame []byte)) {
	t.Helper()
	if err := In(namespace, func() error {
		const all = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
		if err != nil {
			return err
		}
		timeout := unix.Timeval{Usec: 100_000}
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
			return err
		}
		go func() {
			defer func() { _ = unix.Close(fd) }()
			frame := make([]byte, 2048)
			for t.Context().Err() == nil {
				if n, _, err := unix.Recvfrom(fd, frame, 0); err == nil {
					see(frame[:n])
				}
			}
		}()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Send puts a frame on the wire of a namespace's device.
func Send(namespace *os.File, device string, frame []byte) error {
	return In(namespace, func() error {
		link, err := net.InterfaceByName(device)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		return unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Index})
	})
}
