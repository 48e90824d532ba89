// Package dhcp gives the guest the address that the pod's network set-up chose
// for it. It needs no privileges beyond the right to bind port 67.
package dhcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"
)

// Config is one guest interface's lease.
type Config struct {
	// Device in the pod's network namespace to serve on.
	Device string
	// MAC of the guest: nobody else gets an answer.
	MAC net.HardwareAddr
	// Address of the guest with its network's prefix.
	Address netip.Prefix
	// Gateway is the guest's router, and the server itself.
	Gateway  netip.Addr
	MTU      uint16 // 0: not told
	Hostname string // "": not told
	Resolver Resolver
}

const (
	serverPort = 67
	clientPort = 68
	// maxMessage is more than any Ethernet frame without jumbo size holds.
	maxMessage = 4096
)

// Server answers one guest.
type Server struct {
	config Config
	conn   net.PacketConn
	log    *slog.Logger
}

// Listen binds the server's socket: from here on no request is lost.
func Listen(ctx context.Context, config Config, log *slog.Logger) (*Server, error) {
	return listen(ctx, config, serverPort, log)
}

func listen(ctx context.Context, config Config, port int, log *slog.Logger) (*Server, error) {
	listener := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		controlErr := raw.Control(func(fd uintptr) { err = prepareSocket(int(fd), config.Device) })
		return errors.Join(controlErr, err)
	}}
	conn, err := listener.ListenPacket(ctx, "udp4", fmt.Sprintf(":%d", port))
	if err != nil {
		return nil, fmt.Errorf("listening for DHCP requests on %s: %w", config.Device, err)
	}
	return &Server{config: config, conn: conn, log: log}, nil
}

// prepareSocket: bound to the device, the socket sees no other network's
// requests, and its broadcasts go out there without a route.
func prepareSocket(fd int, device string) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return fmt.Errorf("allowing broadcasts: %w", err)
	}
	if err := unix.BindToDevice(fd, device); err != nil {
		return fmt.Errorf("binding to %s: %w", device, err)
	}
	return nil
}

// Serve answers until Close.
func (s *Server) Serve() error {
	buffer := make([]byte, maxMessage)
	for {
		n, peer, err := s.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiving DHCP requests: %w", err)
		}
		request, err := dhcpv4.FromBytes(buffer[:n])
		if err != nil {
			continue // the guest may send anything
		}
		answer, err := reply(s.config, request)
		if err != nil {
			s.log.Info("cannot answer a DHCP request", "err", err.Error())
			continue
		}
		if answer == nil {
			continue
		}
		if _, err := s.conn.WriteTo(answer.ToBytes(), destination(answer, peer)); err != nil {
			s.log.Info("cannot send a DHCP answer", "err", err.Error())
			continue
		}
		s.log.Info("answered a DHCP request", "request", request.MessageType().String(), "answer", answer.MessageType().String())
	}
}

// Close ends Serve.
func (s *Server) Close() error { return s.conn.Close() }

// destination is where an answer goes: to everybody while the client has no
// address of its own to receive on (RFC 2131, 4.1).
func destination(answer *dhcpv4.DHCPv4, peer net.Addr) net.Addr {
	from, isUDP := peer.(*net.UDPAddr)
	if !isUDP || from.IP.IsUnspecified() || answer.MessageType() == dhcpv4.MessageTypeNak {
		port := clientPort
		if isUDP {
			port = from.Port
		}
		return &net.UDPAddr{IP: net.IPv4bcast, Port: port}
	}
	return from
}
