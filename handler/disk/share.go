package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/handler/process"
)

// share shows a file of one container, read-only, at a path of another.
// The mount lives in the other's mount namespace alone, so it goes with it, and
// keeps the file readable even after the first has ended. A mount that is there
// already is left as it is.
func share(from *process.Process, path string, to *process.Process, target string) error {
	fromRoot, err := from.Root()
	if err != nil {
		return err
	}
	defer fromRoot.Close()
	toRoot, err := to.Root()
	if err != nil {
		return err
	}
	defer toRoot.Close()
	file, err := locate(fromRoot, path)
	if err != nil {
		return err
	}
	defer file.Close()
	place, err := mountPoint(toRoot, target)
	if err != nil {
		return err
	}
	defer place.Close()
	if same, err := sameFile(file, place); err != nil || same {
		return err
	}
	fromNamespace, err := from.Namespace("mnt")
	if err != nil {
		return err
	}
	defer fromNamespace.Close()
	toNamespace, err := to.Namespace("mnt")
	if err != nil {
		return err
	}
	defer toNamespace.Close()
	return onLostThread(func() error { return bind(file, fromNamespace, place, toNamespace) })
}

// mountPoint opens the file to mount on, making it where it is missing. What is in the
// launcher's run directory may be its user's work: nothing is made by way of a link or
// of a mount there.
func mountPoint(root *os.File, path string) (*os.File, error) {
	directory, name := filepath.Split(path)
	run, err := openIn(root, filepath.Dir(filepath.Clean(directory)), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("opening the launcher's run directory: %w", err)
	}
	defer run.Close()
	base := filepath.Base(directory)
	if err := unix.Mkdirat(int(run.Fd()), base, 0o755); err != nil && err != unix.EEXIST {
		return nil, fmt.Errorf("making the launcher's directory of image files: %w", err)
	}
	parent, err := openBelow(run, base, unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_NO_XDEV)
	if err != nil {
		return nil, fmt.Errorf("opening the launcher's directory of image files: %w", err)
	}
	defer parent.Close()
	made, err := openBelow(parent, name, unix.O_CREAT|unix.O_EXCL|unix.O_RDONLY, 0)
	if err == nil {
		_ = made.Close()
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the launcher's place for an image file: %w", err)
	}
	return openBelow(parent, name, unix.O_PATH, 0) // there may be the mount already
}

// openBelow opens a name in a directory, and no link.
func openBelow(directory *os.File, name string, flags, resolve uint64) (*os.File, error) {
	how := &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: resolve | unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
	if flags&unix.O_CREAT != 0 {
		how.Mode = 0o444
	}
	fd, err := unix.Openat2(int(directory.Fd()), name, how)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

func sameFile(a, b *os.File) (bool, error) {
	var one, other unix.Stat_t
	if err := unix.Fstat(int(a.Fd()), &one); err != nil {
		return false, fmt.Errorf("looking at the image's disk: %w", err)
	}
	if err := unix.Fstat(int(b.Fd()), &other); err != nil {
		return false, fmt.Errorf("looking at the launcher's container disk: %w", err)
	}
	return one.Dev == other.Dev && one.Ino == other.Ino, nil
}

// onLostThread runs f on a thread that no other goroutine ever gets: it may change
// its namespaces at will.
func onLostThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		if unix.Gettid() == unix.Getpid() {
			// The process's first thread never ends; it would keep the namespace.
			// While it is locked, another goroutine gets another thread.
			done <- onLostThread(f)
			runtime.UnlockOSThread()
			return
		}
		// A thread that shares its root directory with others may not change its
		// mount namespace.
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			done <- fmt.Errorf("separating a thread: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// bind clones the mount of file in its own namespace, where alone that is allowed,
// and attaches the clone at place in the other.
func bind(file, fromNamespace, place, toNamespace *os.File) error {
	if err := unix.Setns(int(fromNamespace.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("joining the mount namespace of the container disk: %w", err)
	}
	tree, err := unix.OpenTree(int(file.Fd()), "", unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return fmt.Errorf("cloning the mount of the image's disk: %w", err)
	}
	defer func() { _ = unix.Close(tree) }()
	attributes := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, attributes); err != nil {
		return fmt.Errorf("making the mount of the image's disk read-only: %w", err)
	}
	if err := unix.Setns(int(toNamespace.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("joining the mount namespace of the launcher: %w", err)
	}
	err = unix.MoveMount(tree, "", int(place.Fd()), "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
	if err != nil {
		return fmt.Errorf("mounting the image's disk in the launcher: %w", err)
	}
	return nil
}
