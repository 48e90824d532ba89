// Package router tells the guest about its IPv6 router, and that DHCP has an
// address for it. A socket for that would take a capability; instead, frames are
// written to a tap device on the guest's network that belongs to the launcher.
package router

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Config is what one guest interface is told.
type Config struct {
	// Tap is the device to write to.
	Tap string
	// Source is the link-local address of the router, MAC its hardware address
	// where that is known.
	Source netip.Addr
	MAC    net.HardwareAddr
	// Default: the guest is to send through it what it knows no other way for.
	Default bool
	// Prefix is the network on the link; invalid when there is none.
	Prefix      netip.Prefix
	MTU         uint16 // 0: not told
	Nameservers []netip.Addr
}

// interval is how often guests are reminded; one that missed a few must not lose
// its router. Nor do they hear of it more often than after pause (RFC 4861, 6.2.6).
const (
	interval = 10 * time.Minute
	pause    = 3 * time.Second
	lifetime = 9000 * time.Second
)

// tunDevice is where the pod has the device that opens taps.
const tunDevice = "/dev/net/tun"

// Server advertises a router to one guest.
type Server struct {
	tap   *os.File
	frame []byte
	log   *slog.Logger
	asked chan struct{}
	done  chan struct{}
}

// Listen opens the tap: from here on no solicitation is lost.
func Listen(config Config, log *slog.Logger) (*Server, error) {
	device, err := net.InterfaceByName(config.Tap)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", config.Tap, err)
	}
	frame, err := frameFor(config, sender(device.HardwareAddr))
	if err != nil {
		return nil, err
	}
	tap, err := open(config.Tap)
	if err != nil {
		return nil, fmt.Errorf("opening the tap device %s: %w", config.Tap, err)
	}
	return &Server{tap: tap, frame: frame, log: log, asked: make(chan struct{}, 1), done: make(chan struct{})}, nil
}

// open opens an existing tap device, of which only solicitations are read.
func open(name string) (*os.File, error) {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err == nil {
		err = attach(fd, solicitations)
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	// Only now: before, there is nothing that could be waited for.
	return os.NewFile(uintptr(fd), name), nil
}

// solicitations lets router solicitations pass and nothing else: whatever the guest
// broadcasts arrives at this device, and must not keep the launcher busy.
var solicitations = []bpf.Instruction{
	bpf.LoadAbsolute{Off: offsetType, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_IPV6, SkipTrue: 5},
	bpf.LoadAbsolute{Off: offsetNextHeader, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_ICMPV6, SkipTrue: 3},
	bpf.LoadAbsolute{Off: offsetMessage, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: typeSolicitation, SkipTrue: 1},
	bpf.RetConstant{Val: maxFrame},
	bpf.RetConstant{Val: 0},
}

func attach(fd int, filter []bpf.Instruction) error {
	assembled, err := bpf.Assemble(filter)
	if err != nil {
		return fmt.Errorf("assembling the filter: %w", err)
	}
	instructions := make([]unix.SockFilter, len(assembled))
	for i, raw := range assembled {
		instructions[i] = unix.SockFilter{Code: raw.Op, Jt: raw.Jt, Jf: raw.Jf, K: raw.K}
	}
	program := &unix.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]}
	_, _, failure := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNATTACHFILTER, uintptr(unsafe.Pointer(program)))
	runtime.KeepAlive(instructions)
	if failure != 0 {
		return fmt.Errorf("attaching the filter: %w", failure)
	}
	return nil
}

// Serve answers the guest, and reminds it, until Close.
func (s *Server) Serve() error {
	go advertise(s.asked, s.done, s.send)
	buffer := make([]byte, maxFrame)
	for first := true; ; {
		n, err := s.tap.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiving router solicitations: %w", err)
		}
		if !isSolicitation(buffer[:n]) {
			continue
		}
		if first {
			s.log.Info("the guest asks for its router")
			first = false
		}
		select {
		case s.asked <- struct{}{}:
		default: // the next advertisement is for this one, too
		}
	}
}

// advertise sends at once when it is asked, or a pause after what it sent last.
func advertise(asked, done <-chan struct{}, send func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-asked:
		case <-ticker.C:
		case <-done:
			return
		}
		send()
		select {
		case <-time.After(pause):
		case <-done:
			return
		}
	}
}

func (s *Server) send() {
	if _, err := s.tap.Write(s.frame); err != nil && !errors.Is(err, os.ErrClosed) {
		s.log.Info("cannot send a router advertisement", "err", err.Error())
	}
}

// Close ends Serve.
func (s *Server) Close() error {
	close(s.done)
	return s.tap.Close()
}
