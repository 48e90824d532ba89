package network

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// guestUser is the user that QEMU runs as in the launcher; it may open the tap.
const guestUser = 107

// createTap makes a persistent tap device in the thread's network namespace. It
// succeeds when the device is there already with the same properties.
func createTap(tunDevice, name string, flags uint16) error {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening %s: %w", tunDevice, err)
	}
	defer func() { _ = unix.Close(fd) }()
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETOWNER, guestUser); err != nil {
		return fmt.Errorf("giving %s to user %d: %w", name, guestUser, err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1); err != nil {
		return fmt.Errorf("keeping %s: %w", name, err)
	}
	return nil
}
