package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/device"
)

const (
	// claimsDir has a directory for each claim that is a filesystem, devicesDir a
	// device for each that is one: as the launcher pod is rendered.
	claimsDir  = "/var/run/kubevirt-private/vmi-disks"
	devicesDir = "/dev"
	// claimImage is the guest's disk in a claim that is a filesystem.
	claimImage = "disk.img"
)

// claim says where the compute container has a volume's claim, and lets the
// launcher's user at it: the kubelet leaves devices to root, and so do some file
// systems with what is in them, whatever group the pod asks for.
func claim(pod Pod, volume string, use v1.VolumeUse, writes bool) (string, error) {
	root, err := pod.Launcher.Root()
	if err != nil {
		return "", err
	}
	defer root.Close()
	path := filepath.Join(devicesDir, volume)
	isDevice, err := pod.Devices.admit(pod, root, path, use)
	if err != nil {
		return "", err
	}
	if isDevice {
		_, err := device.GrantBlock(root, path, pod.User)
		return path, err
	}
	path = filepath.Join(claimsDir, volume)
	directory, err := openIn(root, path, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return "", fmt.Errorf("looking for its claim: %w", err)
	}
	defer directory.Close()
	if !writes {
		return path, nil
	}
	return path, grantImage(directory, pod.User)
}

// grantImage makes a user the owner of the image in a directory or, before there is
// anything, of the directory: whatever files there are without an image are somebody
// else's, and the claim perhaps a mistake. The launcher will see whether it may make an
// image there. The image may be anybody's work: no link is followed.
func grantImage(directory *os.File, user int) error {
	fd, err := unix.Openat2(int(directory.Fd()), claimImage, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return grantFresh(directory, user)
	case err != nil:
		return fmt.Errorf("opening the claim's %s: %w", claimImage, err)
	}
	defer func() { _ = unix.Close(fd) }()
	return grant(fd, unix.S_IFREG, user)
}

// grant changes the owner of what the user could not write to.
func grant(fd int, kind uint32, user int) error {
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return fmt.Errorf("looking at the claim: %w", err)
	}
	const forGroup, forAll = 0o060, 0o006
	switch {
	case found.Mode&unix.S_IFMT != kind:
		return fmt.Errorf("%s in the claim is not a regular file", claimImage)
	case found.Uid == uint32(user),
		found.Gid == uint32(user) && found.Mode&forGroup == forGroup,
		found.Mode&forAll == forAll:
		return nil
	}
	err := unix.Fchownat(fd, "", user, user, unix.AT_EMPTY_PATH)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EROFS) {
		return nil // its file system decides by itself who may write; QEMU will see
	}
	if err != nil {
		return fmt.Errorf("giving the claim to user %d: %w", user, err)
	}
	return nil
}
