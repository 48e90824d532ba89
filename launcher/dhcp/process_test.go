//go:build process

package dhcp

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"golang.org/x/sys/unix"
)

// inNamespace runs do on a thread with a network namespace of its own, passing
// the thread's id; the thread ends with do.
func inNamespace(do func(tid int) error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is not to be used again
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			result <- err
			return
		}
		result <- do(unix.Gettid())
	}()
	return <-result
}

func ip(arguments string) error {
	if out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", arguments, err, out)
	}
	return nil
}

// A client without an address, on the other end of a bridge port, is served.
func TestServe(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	guest, ready, done := make(chan int, 1), make(chan struct{}), make(chan struct{})
	answers := make(chan *dhcpv4.DHCPv4, 2)
	clientEnded := make(chan error, 1)
	go func() {
		clientEnded <- inNamespace(func(tid int) error {
			guest <- tid
			<-ready
			for _, command := range []string{"link set c0 up", "addr add fe80::2/64 dev c0 nodad"} {
				if err := ip(command); err != nil {
					return err
				}
			}
			return errors.Join(client(t, answers), client6(t))
		})
	}()
	err := inNamespace(func(int) error {
		defer close(done)
		for _, command := range []string{
			"link add k6t-eth0 type bridge", "addr add 10.0.2.1/24 dev k6t-eth0", "addr add fd10:0:2::1/120 dev k6t-eth0 nodad",
			"link add s0 type veth peer name c0 address " + guestMAC.String(),
			"link set s0 master k6t-eth0", "link set s0 up", "link set k6t-eth0 up",
			fmt.Sprintf("link set c0 netns %d", <-guest),
		} {
			if err := ip(command); err != nil {
				close(ready)
				return err
			}
		}
		return serveBoth(t, ready, clientEnded)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []dhcpv4.MessageType{dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeAck} {
		if answer := <-answers; answer.MessageType() != want || answer.YourIPAddr.String() != "10.0.2.2" {
			t.Errorf("got %v, want %v", answer.Summary(), want)
		}
	}
}

// serveBoth runs the servers, as the thread's namespace has them, until the client is done.
func serveBoth(t *testing.T, ready chan<- struct{}, clientEnded <-chan error) error {
	server, err := Listen(t.Context(), testConfig6(), slog.New(slog.DiscardHandler))
	server6, err6 := Listen6(t.Context(), testConfig6(), slog.New(slog.DiscardHandler))
	close(ready)
	if err := errors.Join(err, err6); err != nil {
		return err
	}
	ended := make(chan error)
	go func() { ended <- server.Serve() }()
	go func() { ended <- server6.Serve() }()
	err = <-clientEnded
	return errors.Join(err, server.Close(), server6.Close(), <-ended, <-ended)
}

// client6 asks for an IPv6 address.
func client6(t *testing.T) error {
	conn, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.ParseIP("fe80::2"), Zone: "c0", Port: 546})
	if err != nil {
		return err
	}
	defer conn.Close()
	buffer := make([]byte, maxMessage)
	solicit := request6(t, dhcpv6.MessageTypeSolicit, dhcpv6.WithIAID([4]byte{1}))
	for tries := 0; ; tries++ {
		if _, err := conn.WriteTo(solicit.ToBytes(), &net.UDPAddr{IP: allServers.AsSlice(), Zone: "c0", Port: serverPort6}); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		n, _, err := conn.ReadFrom(buffer)
		if err != nil && tries < 10 {
			continue
		}
		if err != nil {
			return fmt.Errorf("DHCPv6: %w", err)
		}
		answer, err := dhcpv6.MessageFromBytes(buffer[:n])
		if err != nil {
			return err
		}
		if address := answer.Options.OneIANA().Options.OneAddress(); address.IPv6Addr.String() != "fd10:0:2::2" {
			t.Errorf("granted %v", address)
		}
		return nil
	}
}

// client does what a guest does to get an address.
func client(t *testing.T, answers chan<- *dhcpv4.DHCPv4) error {
	defer close(answers)
	conn, err := listen(t.Context(), "udp4", "c0", clientPort)
	if err != nil {
		return err
	}
	defer conn.Close()
	ours := dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(10, 0, 2, 2)))
	for _, message := range []*dhcpv4.DHCPv4{
		request(t, dhcpv4.MessageTypeDiscover), request(t, dhcpv4.MessageTypeRequest, ours),
	} {
		buffer := make([]byte, maxMessage)
		for tries := 0; ; tries++ {
			if _, err := conn.WriteTo(message.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: serverPort}); err != nil {
				return err
			}
			_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			n, _, err := conn.ReadFrom(buffer)
			if err != nil && tries < 10 { // the bridge's port may not forward yet
				continue
			}
			if err != nil {
				return err
			}
			answer, err := dhcpv4.FromBytes(buffer[:n])
			if err != nil {
				return err
			}
			answers <- answer
			break
		}
	}
	return nil
}
