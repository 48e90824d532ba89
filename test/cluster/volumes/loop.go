// Package volumes provisions PersistentVolumes on this machine's disk: a
// directory for file systems, a sparse file behind a loop device for blocks
// and for file systems whose size counts, or behind an iSCSI target. All nodes
// share the machine, so every volume is there on all of them and ReadWriteMany
// is real.
package volumes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// attach returns the path of a loop device whose file is path, attaching one
// if there is none.
func attach(path string) (string, error) {
	attached, err := loopsOf([]string{path})
	if err != nil {
		return "", err
	}
	if len(attached) > 0 {
		return loopPath(attached[0]), nil
	}
	device, err := attachNew(path, 0)
	if err != nil {
		return "", err
	}
	return device.Name(), device.Close()
}

// Hold attaches a loop device to the file at path. It goes when the device is
// closed here and everywhere else, whatever becomes of this process.
func Hold(path string) (*os.File, error) {
	return attachNew(path, unix.LO_FLAGS_AUTOCLEAR|unix.LO_FLAGS_DIRECT_IO)
}

func attachNew(path string, flags uint32) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attaching a loop device: %w", err)
	}
	defer file.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attaching a loop device: %w", err)
	}
	defer control.Close()
	// Somebody else may take the free one first.
	for range 20 {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("looking for a free loop device: %w", err)
		}
		device, err := configure(loopPath(number), file, flags)
		if err == nil || !errors.Is(err, unix.EBUSY) {
			return device, err
		}
	}
	return nil, errors.New("attaching a loop device: all that were free were taken at once")
}

func configure(path string, file *os.File, flags uint32) (*os.File, error) {
	device, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a loop device: %w", err)
	}
	config := unix.LoopConfig{Fd: uint32(file.Fd()), Info: unix.LoopInfo64{Flags: flags}}
	if err := unix.IoctlLoopConfigure(int(device.Fd()), &config); err != nil {
		device.Close()
		return nil, fmt.Errorf("attaching %s: %w", path, err)
	}
	return device, nil
}

func loopPath(number int) string { return fmt.Sprintf("/dev/loop%d", number) }

// loopsOf returns the loop devices whose files are among the paths. Files
// are compared by inode: a node that held a device has other names for them,
// or none any more.
func loopsOf(paths []string) ([]int, error) {
	type inode struct{ device, number uint64 }
	wanted := map[inode]bool{}
	for _, p := range paths {
		var st unix.Stat_t
		if err := unix.Stat(p, &st); err != nil {
			continue
		}
		wanted[inode{st.Dev, st.Ino}] = true
	}
	dirs, err := filepath.Glob("/sys/block/loop*/loop")
	if err != nil {
		return nil, fmt.Errorf("listing loop devices: %w", err)
	}
	var found []int
	for _, d := range dirs {
		number, err := strconv.Atoi(strings.TrimPrefix(strings.Split(d, "/")[3], "loop"))
		if err != nil {
			continue
		}
		device, err := os.Open(loopPath(number))
		if err != nil {
			continue
		}
		info, err := unix.IoctlLoopGetStatus64(int(device.Fd()))
		device.Close()
		if err == nil && wanted[inode{info.Device, info.Inode}] {
			found = append(found, number)
		}
	}
	return found, nil
}

// onLoops runs one ioctl on each of the loop devices of the paths.
func onLoops(paths []string, request uint, what string) error {
	numbers, err := loopsOf(paths)
	if err != nil {
		return err
	}
	var problems []error
	for _, n := range numbers {
		device, err := os.Open(loopPath(n))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", what, err))
			continue
		}
		if err := unix.IoctlSetInt(int(device.Fd()), request, 0); err != nil && !errors.Is(err, unix.ENXIO) {
			problems = append(problems, fmt.Errorf("%s loop%d: %w", what, n, err))
		}
		device.Close()
	}
	return errors.Join(problems...)
}

// Detach gives back every loop device that is on top of the file or device at
// path, as kubelets put them.
func Detach(path string) error { return onLoops([]string{path}, unix.LOOP_CLR_FD, "detaching") }

// DetachAll gives back every loop device that serves a volume in dir, those
// included that kubelets put on top.
func DetachAll(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return fmt.Errorf("listing volumes: %w", err)
	}
	return onLoops(paths, unix.LOOP_CLR_FD, "detaching")
}
