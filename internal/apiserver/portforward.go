package apiserver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// dialTimeout bounds the connection to a guest's port; clients wait ten seconds
	// for the end of a handshake.
	dialTimeout = 8 * time.Second
	// maxDatagram is what UDP can carry at most.
	maxDatagram = 65507
)

// dialer connects to an address of a guest.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (s *server) forwardMachine(w http.ResponseWriter, r *http.Request, at target) {
	s.forward(w, r, at, func(act func(*v1.VirtualMachineInstance) error) error {
		return s.withMachine(r.Context(), at, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
			switch {
			case !vm.Status.Created:
				return apierrors.NewConflict(resource(machines), at.name, errors.New("it is not running: status.created is false; start it first"))
			case vmi == nil: // or somebody else's
				return apierrors.NewNotFound(resource(instances), at.name)
			}
			return act(vmi)
		})
	})
}

func (s *server) forwardInstance(w http.ResponseWriter, r *http.Request, at target) {
	s.forward(w, r, at, func(act func(*v1.VirtualMachineInstance) error) error { return s.withGuest(r.Context(), at, act) })
}

// forward connects the caller's websocket with a port of the guest that find has it act
// on. The connection is made first: that nobody listens is said with a status.
func (s *server) forward(w http.ResponseWriter, r *http.Request, at target, find func(func(*v1.VirtualMachineInstance) error) error) {
	var guest *tunnel
	network, port, err := forwarded(at)
	if err == nil {
		err = find(func(vmi *v1.VirtualMachineInstance) error {
			address, err := forwardAddress(vmi)
			if err != nil {
				return err
			}
			guest, err = s.tunnel(r.Context(), network, netip.AddrPortFrom(address, port))
			return err
		})
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	defer guest.conn.Close()
	s.carry(w, r, at, guest, usualPace)
}

// forwarded reads the parameters of the path; without a protocol it is TCP.
func forwarded(at target) (network string, port uint16, err error) {
	network = at.protocol
	switch network {
	case "":
		network = "tcp"
	case "tcp", "udp":
	default:
		return "", 0, apierrors.NewBadRequest(fmt.Sprintf("protocol: %q is not allowed: tcp and udp are", network))
	}
	value, err := number("port", at.port, 1, math.MaxUint16)
	return network, uint16(value), err
}

// forwardAddress is the address of the guest's first network interface. Only what
// the node vouches for is dialled, as long as the guest has it: a guest agent could
// name any address of the cluster, and one of a guest that has ended may be somebody
// else's by now.
func forwardAddress(vmi *v1.VirtualMachineInstance) (netip.Addr, error) {
	if err := unreachable(vmi); err != nil {
		return netip.Addr{}, err
	}
	if vmi.IsPaused() {
		return netip.Addr{}, guestConflict(vmi, "its guest is paused; unpause it first")
	}
	interfaces := vmi.Spec.Domain.Devices.Interfaces
	if len(interfaces) == 0 {
		return netip.Addr{}, apierrors.NewBadRequest("spec.domain.devices.interfaces is empty: the guest has no network interface")
	}
	for _, entry := range vmi.Status.Interfaces {
		if entry.Name != interfaces[0].Name || !vouched(entry.InfoSource) {
			continue
		}
		if address, err := netip.ParseAddr(entry.IP); err == nil && address.Unmap().IsGlobalUnicast() && address.Zone() == "" {
			return address.Unmap(), nil
		}
	}
	return netip.Addr{}, apierrors.NewBadRequest(fmt.Sprintf(
		"no address that the node vouches for is known of the guest's network interface %q (status.interfaces)", interfaces[0].Name))
}

// vouched tells whether an entry of status.interfaces comes from the node, be it
// among others.
func vouched(infoSource string) bool {
	return slices.Contains(strings.Split(infoSource, ", "), "domain")
}

func (s *server) tunnel(ctx context.Context, network string, to netip.AddrPort) (*tunnel, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := s.dial(ctx, network, to.String())
	if err != nil {
		return nil, apierrors.NewInternalError(fmt.Errorf("connecting to %s port %d of the guest: %w", network, to.Port(), err))
	}
	if network == "udp" {
		return &tunnel{conn: conn, whole: true, buffer: make([]byte, maxDatagram)}, nil
	}
	return &tunnel{conn: conn, buffer: make([]byte, streamBuffer)}, nil
}

// tunnel is a connection to a port of a guest.
type tunnel struct {
	conn net.Conn
	// whole says that a message is a datagram.
	whole  bool
	buffer []byte
}

// Send implements byteStream.
func (t *tunnel) Send(chunk *protocol.StreamChunk) error {
	if _, err := t.conn.Write(chunk.GetData()); !t.refused(err) {
		return err
	}
	return nil
}

// refused tells of a datagram that nobody took, such as one before its service has
// started: the next may be taken.
func (t *tunnel) refused(err error) bool { return t.whole && errors.Is(err, syscall.ECONNREFUSED) }

// Recv implements byteStream. What it returns is valid until the next call.
func (t *tunnel) Recv() (*protocol.StreamChunk, error) {
	n, err := t.conn.Read(t.buffer)
	for t.refused(err) {
		n, err = t.conn.Read(t.buffer)
	}
	if n > 0 || err == nil {
		return &protocol.StreamChunk{Data: t.buffer[:n]}, nil
	}
	return nil, err
}

// CloseSend implements byteStream. Datagrams have no end that could be waited for.
func (t *tunnel) CloseSend() error {
	if half, ok := t.conn.(*net.TCPConn); ok {
		return half.CloseWrite()
	}
	return t.conn.Close()
}

// datagrams implements messenger.
func (t *tunnel) datagrams() bool { return t.whole }
