// Package device offers the node's devices to pods through the kubelet's device
// plugin interface, and gives them to the launcher's user inside the pod.
package device

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ResourcePrefix precedes the name of every device as an extended resource.
const ResourcePrefix = "devices.kubevirt.io/"

// Device is a device node that any number of pods may use at the same time.
type Device struct {
	// Name follows ResourcePrefix.
	Name string
	// Path of the device node, the same on the node and in pods.
	Path string
}

// The devices that launchers use.
var (
	TUN      = Device{Name: "tun", Path: "/dev/net/tun"}
	KVM      = Device{Name: "kvm", Path: "/dev/kvm"}
	VhostNet = Device{Name: "vhost-net", Path: "/dev/vhost-net"}
)

// Resource is the name under which pods ask for the device.
func (d Device) Resource() string { return ResourcePrefix + d.Name }

// Offered chooses the devices that this node can offer. root is where the node's
// file system, or at least its /dev, is visible; KVM counts only where it was seen
// to work.
func Offered(root string, kvmUsable bool) []Device {
	var offered []Device
	for _, device := range []Device{TUN, KVM, VhostNet} {
		if device == KVM && !kvmUsable {
			continue
		}
		var found unix.Stat_t
		if unix.Stat(root+device.Path, &found) == nil && found.Mode&unix.S_IFMT == unix.S_IFCHR {
			offered = append(offered, device)
		}
	}
	return offered
}

// In tells whether a container has a device. root is the container's root
// directory.
func In(root *os.File, device Device) bool {
	node, err := open(root, device)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(node) }()
	var found unix.Stat_t
	return unix.Fstat(node, &found) == nil && found.Mode&unix.S_IFMT == unix.S_IFCHR
}

// open opens the path of a device without following links.
func open(root *os.File, device Device) (int, error) {
	return unix.Openat2(int(root.Fd()), device.Path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_SYMLINKS,
	})
}

// Grant makes a user the owner of the devices that a container has. They are
// nodes of the container's own, so the node's device is not touched; without this
// a device that only root may use on the node is of no use to the launcher. root
// is the container's root directory; links in it are not followed out of it.
func Grant(root *os.File, user int) error {
	for _, device := range []Device{TUN, KVM, VhostNet} {
		node, err := open(root, device)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return fmt.Errorf("opening %s of the launcher: %w", device.Path, err)
		}
		err = grant(node, unix.S_IFCHR, user)
		_ = unix.Close(node)
		if err != nil {
			return fmt.Errorf("giving %s of the launcher to user %d: %w", device.Path, user, err)
		}
	}
	return nil
}

// GrantBlock does the same for the block device at a path of the container, and
// tells whether there is one.
func GrantBlock(root *os.File, path string, user int) (bool, error) {
	node, err := open(root, Device{Path: path})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("opening %s of the launcher: %w", path, err)
	}
	defer func() { _ = unix.Close(node) }()
	var found unix.Stat_t
	if err := unix.Fstat(node, &found); err != nil || found.Mode&unix.S_IFMT != unix.S_IFBLK {
		return false, err
	}
	if err := grant(node, unix.S_IFBLK, user); err != nil {
		return false, fmt.Errorf("giving %s of the launcher to user %d: %w", path, user, err)
	}
	return true, nil
}

func grant(node int, kind uint32, user int) error {
	var found unix.Stat_t
	if err := unix.Fstat(node, &found); err != nil {
		return err
	}
	if found.Mode&unix.S_IFMT != kind {
		return fmt.Errorf("it is no device")
	}
	const readWriteForAll = 0o006
	if found.Uid == uint32(user) || found.Mode&readWriteForAll == readWriteForAll {
		return nil
	}
	return unix.Fchownat(node, "", user, user, unix.AT_EMPTY_PATH)
}
