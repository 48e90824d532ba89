// Package kvm finds out whether /dev/kvm runs guests. A node inside a virtual
// machine may offer a device that opens and answers but never executes an
// instruction.
package kvm

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Device is KVM's device node.
const Device = "/dev/kvm"

// ErrAbsent says that there is no KVM on this node.
var ErrAbsent = errors.New("the node has no " + Device)

// apiVersion is the only one there has ever been since it was declared stable.
const apiVersion = 12

// Requests of linux/kvm.h: _IO(0xAE, nr), _IOW and _IOR with the size in bits 16-29.
const (
	getAPIVersion       = 0xae00
	createVM            = 0xae01
	getVCPUMmapSize     = 0xae04
	createVCPU          = 0xae41
	setUserMemoryRegion = 0x4020ae46
	setTSSAddress       = 0xae47
	run                 = 0xae80
)

// Try runs a few instructions in a virtual machine. It may hang where KVM is
// broken: call it in a process that can be killed.
func Try() error {
	device, err := os.OpenFile(Device, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return ErrAbsent
	}
	if err != nil {
		return fmt.Errorf("opening KVM: %w", err)
	}
	defer func() { _ = device.Close() }()
	version, err := request(device.Fd(), getAPIVersion, 0)
	if err != nil {
		return fmt.Errorf("asking KVM for its version: %w", err)
	}
	if version != apiVersion {
		return fmt.Errorf("KVM speaks version %d of its interface", version)
	}
	return execute(device.Fd())
}

func request(fd uintptr, nr, argument uintptr) (uintptr, error) {
	result, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, nr, argument)
	if errno != 0 {
		return 0, errno
	}
	return result, nil
}
