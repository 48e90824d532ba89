//go:build process

package dhcp

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// What the server sends carries a checksum that a client can verify by itself.
func TestAnswersCarryTheirChecksum(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	err := inNamespace(func(int) error {
		if err := ip("link set lo up"); err != nil {
			return err
		}
		// In network byte order: every protocol.
		packets, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})))
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(packets) }()
		for _, address := range []string{"127.0.0.1:1067", "[::1]:1067"} {
			conn, err := net.ListenPacket("udp", address)
			if err != nil {
				return err
			}
			server := &Server{conn: conn.(*net.UDPConn)}
			if err := server.send([]byte("an answer"), conn.LocalAddr()); err != nil {
				return err
			}
			buffer := make([]byte, 2048)
			n, err := unix.Read(packets, buffer) // going out
			if err != nil {
				return err
			}
			if sum := udpSum(buffer[:n]); sum != 0xffff {
				return fmt.Errorf("to %s: the packet sums up to %#x", address, sum)
			}
			if _, err := unix.Read(packets, buffer); err != nil { // and coming in
				return err
			}
			_ = conn.Close()
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// udpSum adds up a packet of UDP as its checksum does: to all ones, if that is right.
func udpSum(packet []byte) uint16 {
	addresses, datagram := packet[12:20], packet[20:]
	if packet[0]>>4 == 6 {
		addresses, datagram = packet[8:40], packet[40:]
	}
	words := slices.Concat(addresses, []byte{0, unix.IPPROTO_UDP}, binary.BigEndian.AppendUint16(nil, uint16(len(datagram))), datagram)
	if len(words)%2 > 0 {
		words = append(words, 0)
	}
	sum := uint32(0)
	for ; len(words) > 0; words = words[2:] {
		sum += uint32(binary.BigEndian.Uint16(words))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
