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

	"github.com/insomniacslk/dhcp/dhcpv6"
	"golang.org/x/sys/unix"
)

// Config is one guest interface's lease.
type Config struct {
	// Device in the pod's network namespace to serve on.
	Device string
	// MAC of the guest: nobody else gets an answer over IPv4.
	MAC net.HardwareAddr
	// Address of the guest with its network's prefix; invalid in a pod without IPv4.
	Address netip.Prefix
	// Gateway is the guest's router; invalid when it has none.
	Gateway netip.Addr
	// Server is what the server calls itself; invalid where that is the gateway.
	Server netip.Addr
	// Routes besides the one to the network; the gateway's is among them if any is.
	Routes []Route
	// Address6 of the guest; invalid in a pod without IPv6.
	Address6 netip.Prefix
	MTU      uint16 // 0: not told
	Hostname string // "": not told
	Resolver Resolver
	// Extra is what the user wants told over IPv4.
	Extra Extra
}

// Route is a way of the guest. Without a gateway the destination is on the link.
type Route struct {
	Destination netip.Prefix
	Gateway     netip.Addr
}

// Extra are options that say nothing about the pod's network.
type Extra struct {
	BootFileName, TFTPServerName string
	NTPServers                   []netip.Addr
	Private                      []Private
}

// Private is an option for a site's own use.
type Private struct {
	Code  uint8
	Value string
}

// server is how the server for IPv4 calls itself.
func (c *Config) server() netip.Addr {
	if c.Server.IsValid() {
		return c.Server
	}
	return c.Gateway
}

const (
	serverPort  = 67
	clientPort  = 68
	serverPort6 = 547
	// maxMessage is more than any Ethernet frame without jumbo size holds.
	maxMessage = 4096
)

// allServers is where DHCPv6 clients send to.
var allServers = netip.MustParseAddr("ff02::1:2")

// Server answers one guest over one version of IP.
type Server struct {
	conn *net.UDPConn
	// answer returns what to send where; no message means to stay silent.
	answer func(packet []byte, peer net.Addr) (answer message, to net.Addr, err error)
	log    *slog.Logger
	told   map[string]bool
}

// maxTold is how much a server tells in its life.
const maxTold = 64

// message is a DHCP message of either version.
type message interface{ ToBytes() []byte }

func kind(m message) string {
	switch m := m.(type) {
	case fitted:
		if len(m.left) > 0 {
			return fmt.Sprintf("%s, without the options %d: it would be too long", m.MessageType(), m.left)
		}
		return m.MessageType().String()
	case *dhcpv6.Message:
		return m.MessageType.String() + " (v6)"
	}
	return ""
}

// Listen binds the socket of the server for IPv4: from here on no request is lost.
func Listen(ctx context.Context, config Config, log *slog.Logger) (*Server, error) {
	conn, err := listen(ctx, "udp4", config.Device, serverPort)
	if err != nil {
		return nil, err
	}
	return &Server{conn: conn, log: log, told: map[string]bool{}, answer: func(packet []byte, peer net.Addr) (message, net.Addr, error) {
		return answer4(config, packet, peer)
	}}, nil
}

// Listen6 is Listen for IPv6.
func Listen6(ctx context.Context, config Config, log *slog.Logger) (*Server, error) {
	device, err := net.InterfaceByName(config.Device)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", config.Device, err)
	}
	conn, err := listen(ctx, "udp6", config.Device, serverPort6)
	if err != nil {
		return nil, err
	}
	return &Server{conn: conn, log: log, told: map[string]bool{}, answer: func(packet []byte, peer net.Addr) (message, net.Addr, error) {
		answer, err := answer6(config, device.HardwareAddr, packet)
		return answer, peer, err
	}}, nil
}

func listen(ctx context.Context, network, device string, port int) (*net.UDPConn, error) {
	listener := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		controlErr := raw.Control(func(fd uintptr) { err = prepareSocket(int(fd), network, device) })
		return errors.Join(controlErr, err)
	}}
	conn, err := listener.ListenPacket(ctx, network, fmt.Sprintf(":%d", port))
	if err != nil {
		return nil, fmt.Errorf("listening for DHCP requests on %s: %w", device, err)
	}
	return conn.(*net.UDPConn), nil // as the network says
}

// prepareSocket: bound to the device, the socket sees no other network's
// requests, and its broadcasts go out there without a route.
func prepareSocket(fd int, network, device string) error {
	if err := unix.BindToDevice(fd, device); err != nil {
		return fmt.Errorf("binding to %s: %w", device, err)
	}
	if network == "udp6" {
		index, err := net.InterfaceByName(device)
		if err != nil {
			return fmt.Errorf("looking at %s: %w", device, err)
		}
		group := &unix.IPv6Mreq{Multiaddr: allServers.As16(), Interface: uint32(index.Index)}
		if err := unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, group); err != nil {
			return fmt.Errorf("joining the group of DHCPv6 servers: %w", err)
		}
		return nil
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return fmt.Errorf("allowing broadcasts: %w", err)
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
		answer, to, err := s.answer(buffer[:n], peer)
		if err != nil {
			s.tell("cannot answer a DHCP request", "err", err.Error())
			continue
		}
		if answer == nil {
			continue
		}
		if err := s.send(answer.ToBytes(), to); err != nil {
			s.tell("cannot send a DHCP answer", "err", err.Error())
			continue
		}
		s.tell("answered a DHCP request", "answer", kind(answer))
	}
}

// tell logs what it has not logged before: a guest may ask as often as it likes, and
// renews for as long as it lives.
func (s *Server) tell(what, key, value string) {
	if line := what + value; len(s.told) < maxTold && !s.told[line] {
		s.told[line] = true
		s.log.Info(what, key, value)
	}
}

// send sends one datagram, complete with its checksum. The kernel would leave that
// to the hardware, which a guest's interface has none of, and some clients drop what
// is unfinished; it does not for what it is told to collect before it sends.
func (s *Server) send(packet []byte, to net.Addr) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	cork := func(value int) error {
		var err error
		failed := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_CORK, value) })
		return errors.Join(failed, err)
	}
	if err := cork(1); err != nil {
		return err
	}
	_, err = s.conn.WriteTo(packet, to)
	return errors.Join(err, cork(0))
}

// Close ends Serve.
func (s *Server) Close() error { return s.conn.Close() }
