package network

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// guestUser is the user that QEMU runs as in the launcher; it may open the tap.
const guestUser = 107

// createTap makes a persistent tap device in the thread's network namespace. It
// succeeds when the device is there already with the same properties.
func createTap(tunDevice string, queues uint32) error {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening %s: %w", tunDevice, err)
	}
	defer func() { _ = unix.Close(fd) }()
	request, err := unix.NewIfreq(tapName)
	if err != nil {
		return err
	}
	flags := uint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if queues > 1 {
		flags |= unix.IFF_MULTI_QUEUE
	}
	request.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("creating %s: %w", tapName, err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETOWNER, guestUser); err != nil {
		return fmt.Errorf("giving %s to user %d: %w", tapName, guestUser, err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1); err != nil {
		return fmt.Errorf("keeping %s: %w", tapName, err)
	}
	return nil
}

// ethtoolValue is struct ethtool_value of linux/ethtool.h.
type ethtoolValue struct{ command, data uint32 }

// ifreqPointer is struct ifreq with a pointer in its union.
type ifreqPointer struct {
	name    [unix.IFNAMSIZ]byte
	pointer unsafe.Pointer
	_       [16]byte
}

// disableTransmitChecksum makes the kernel fill in the checksums of what it sends
// over the link itself. With the offload, packets made in the pod reach the guest
// with unfinished checksums, which some DHCP clients drop.
func disableTransmitChecksum(link string) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket for ethtool: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	value := &ethtoolValue{command: unix.ETHTOOL_STXCSUM}
	request := &ifreqPointer{pointer: unsafe.Pointer(value)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, failure := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(request)))
	runtime.KeepAlive(value)
	if failure != 0 {
		return fmt.Errorf("switching transmit checksums of %s off: %w", link, failure)
	}
	return nil
}
