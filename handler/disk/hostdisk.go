package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// sector is what the size of an image is a multiple of.
const sector = 512

// hostDisk says where the compute container has a disk image of the node, and makes
// the image where it may be made. It goes through the directory that the kubelet has
// mounted into the pod and never leaves it.
func hostDisk(pod Pod, volume *v1.Volume, writes bool) (string, error) {
	directory, path, err := directoryOf(pod, volume.Name)
	if err != nil {
		return "", fmt.Errorf("looking for its directory: %w", err)
	}
	defer directory.Close()
	source := volume.HostDisk
	name := filepath.Base(source.Path)
	err = usable(directory, name, source.Path, pod.User, writes)
	if errors.Is(err, fs.ErrNotExist) {
		if source.Type != v1.HostDiskTypeDiskOrCreate || !writes {
			return "", fmt.Errorf("there is no %s on this node, and it is not to be made: hostDisk.type %s, read-only %t",
				source.Path, source.Type, !writes)
		}
		err = makeHostDisk(directory, name, source, pod)
	}
	return filepath.Join(path, name), err
}

// usable makes sure that there is a file which the user may use as a disk. The owner of
// what is there already is not changed: whoever may not write to it by the node's
// permissions does not get to through a guest.
func usable(directory *os.File, name, path string, user int, writes bool) error {
	fd, err := unix.Openat2(int(directory.Fd()), name, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	defer func() { _ = unix.Close(fd) }()
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return fmt.Errorf("looking at %s: %w", path, err)
	}
	if found.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("%s is not a regular file", path)
	}
	needed := uint32(0o4)
	if writes {
		needed = 0o6
	}
	if permissions(&found, user)&needed != needed {
		return fmt.Errorf("%s belongs to user %d, and user %d, who runs guests, may not use it: give it to them on the node (chown %d:%d)",
			path, found.Uid, user, user, user)
	}
	return nil
}

// permissions are what a user, whose group has the same number, may do to a file.
func permissions(file *unix.Stat_t, user int) uint32 {
	switch uint32(user) {
	case file.Uid:
		return file.Mode >> 6 & 0o7
	case file.Gid:
		return file.Mode >> 3 & 0o7
	}
	return file.Mode & 0o7
}

// makeHostDisk makes an image that takes space only as it is written. It appears under
// its name complete or not at all, and never in place of another.
func makeHostDisk(directory *os.File, name string, source *v1.HostDisk, pod Pod) error {
	if err := letInto(directory, source.Path, pod); err != nil {
		return err
	}
	size, err := hostDiskSize(directory, source, pod.Space)
	if err != nil {
		return err
	}
	at, unfinished := int(directory.Fd()), "."+pod.UID+".unfinished"
	if err := unix.Unlinkat(at, unfinished, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing what is left of an attempt to make %s: %w", source.Path, err)
	}
	fd, err := unix.Openat(at, unfinished, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o660)
	if err != nil {
		return fmt.Errorf("making %s: %w", source.Path, err)
	}
	defer func() { _ = unix.Close(fd) }()
	defer func() { _ = unix.Unlinkat(at, unfinished, 0) }()
	if err := unix.Ftruncate(fd, size); err != nil {
		return fmt.Errorf("sizing %s: %w", source.Path, err)
	}
	if err := unix.Fchmod(fd, 0o660); err != nil { // whatever the umask
		return fmt.Errorf("setting the permissions of %s: %w", source.Path, err)
	}
	if err := unix.Fchown(fd, pod.User, pod.User); err != nil {
		return fmt.Errorf("giving %s to user %d: %w", source.Path, pod.User, err)
	}
	if err := unix.Fsync(fd); err != nil {
		return fmt.Errorf("writing %s: %w", source.Path, err)
	}
	err = unix.Linkat(at, unfinished, at, name, 0)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making %s: %w", source.Path, err)
	}
	if asked := source.Capacity.Value(); err == nil && size < asked {
		pod.Smaller(source.Path, asked, size)
	}
	// Somebody else may have made it meanwhile.
	return usable(directory, name, source.Path, pod.User, true)
}

// letInto makes sure that a pod's user may make files in a directory of the node: by the
// directory's permissions, or because the kubelet has made it for this very pod, so that
// it can be given to them. In any other, what a guest writes might be read as something
// else than a disk: as a manifest of the node's own pods, say.
func letInto(directory *os.File, path string, pod Pod) error {
	var found unix.Stat_t
	if err := unix.Fstat(int(directory.Fd()), &found); err != nil {
		return fmt.Errorf("looking at the directory of %s: %w", path, err)
	}
	const writeAndSearch = 0o3
	if permissions(&found, pod.User)&writeAndSearch == writeAndSearch {
		return nil
	}
	fresh, err := isFresh(directory)
	if err != nil {
		return err
	}
	if !fresh || !madeFor(pod, directory) {
		return fmt.Errorf("%s may not be made in a directory of user %d, which has not been made for it: on the node give the directory "+
			"to user %d, who runs guests (chown %d:%d %s), or let hostDisk.path name a directory that does not exist yet",
			path, found.Uid, pod.User, pod.User, pod.User, filepath.Dir(path))
	}
	return grant(int(directory.Fd()), unix.S_IFDIR, pod.User)
}

// madeAhead is how much before the pod's own directory the kubelet may have made one that
// the pod mounts: it does both at once.
const madeAhead = 10 * time.Second

// madeFor tells whether a directory was made after its pod had come to the node. Where
// its file system does not know when it was made, it was not.
func madeFor(pod Pod, directory *os.File) bool {
	var made, since unix.Statx_t
	if unix.Statx(int(directory.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &made) != nil ||
		unix.Statx(unix.AT_FDCWD, pod.Directory, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &since) != nil {
		return false
	}
	const known = unix.STATX_BTIME
	return made.Mask&since.Mask&known != 0 && made.Btime.Sec >= since.Btime.Sec-int64(madeAhead.Seconds())
}

// hostDiskSize is the size of an image to be made, which its file system has to have
// room for by now, or for a little less where that is tolerated.
func hostDiskSize(directory *os.File, source *v1.HostDisk, space clusterconfig.DiskSpace) (int64, error) {
	size := (source.Capacity.Value() + sector - 1) / sector * sector
	if size <= 0 {
		return 0, fmt.Errorf("there is no %s on this node, and hostDisk.capacity does not say how large it is to be", source.Path)
	}
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(directory.Fd()), &system); err != nil {
		return 0, fmt.Errorf("measuring the file system of %s: %w", source.Path, err)
	}
	unit := system.Frsize // what blocks are counted in, where it is not the same
	if unit == 0 {
		unit = system.Bsize
	}
	if size = sizeWithin(size, int64(system.Bavail)*unit, space); size == 0 {
		// How much is free is not said: it changes all the time, and each new word is a new status.
		return 0, fmt.Errorf("%s does not fit on this node: hostDisk.capacity is %s, and its file system has less free",
			source.Path, source.Capacity.String())
	}
	return size, nil
}

// sizeWithin is the size of an image where so much is free; 0 where it would have to
// be smaller than is tolerated.
func sizeWithin(size, free int64, space clusterconfig.DiskSpace) int64 {
	if size <= free {
		return size
	}
	least := size / 100 * int64(100-space.TolerancePercent)
	if room := (free - space.Reserve) / sector * sector; room > 0 && room >= least {
		return room
	}
	return 0
}
