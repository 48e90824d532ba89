package volumes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// disk is the place of one volume below the volumes' directory.
type disk struct{ dir, name string }

func (d disk) directory() string { return filepath.Join(d.dir, d.name) }
func (d disk) image() string     { return filepath.Join(d.dir, d.name+".img") }
func (d disk) device() string    { return filepath.Join(d.dir, d.name+".dev") }

// makeDirectory makes the volume as a file system. Its size is not enforced:
// that would take a file system of its own for each.
func (d disk) makeDirectory() error {
	if err := os.MkdirAll(d.directory(), 0o777); err != nil {
		return fmt.Errorf("making a volume: %w", err)
	}
	if err := os.Chmod(d.directory(), 0o777); err != nil {
		return fmt.Errorf("opening a volume to all users: %w", err)
	}
	return nil
}

// makeBlock makes the volume as a block device of so many bytes. The device
// node beside the file keeps its name whatever loop device is behind it.
func (d disk) makeBlock(size int64) error {
	file, err := os.OpenFile(d.image(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("making a volume: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("making a volume: %w", err)
	}
	if info.Size() < size {
		if err := file.Truncate(size); err != nil {
			return fmt.Errorf("sizing a volume: %w", err)
		}
		if err := onLoops([]string{d.image()}, unix.LOOP_SET_CAPACITY, "growing"); err != nil {
			return err
		}
		// A kubelet puts a loop device of its own on the device.
		if err := onLoops([]string{d.device()}, unix.LOOP_SET_CAPACITY, "growing"); err != nil {
			return err
		}
	}
	number, err := attach(d.image())
	if err != nil {
		return err
	}
	return d.node(number)
}

func (d disk) node(number int) error {
	var loop, node unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/dev/loop%d", number), &loop); err != nil {
		return fmt.Errorf("looking at a loop device: %w", err)
	}
	if unix.Stat(d.device(), &node) == nil && node.Rdev == loop.Rdev {
		return nil
	}
	if err := os.Remove(d.device()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replacing a volume's device: %w", err)
	}
	if err := unix.Mknod(d.device(), unix.S_IFBLK|0o660, int(loop.Rdev)); err != nil {
		return fmt.Errorf("making a volume's device: %w", err)
	}
	return nil
}

func (d disk) remove() error {
	if err := onLoops([]string{d.device(), d.image()}, unix.LOOP_CLR_FD, "detaching"); err != nil {
		return err
	}
	for _, p := range []string{d.device(), d.image(), d.directory()} {
		if err := os.RemoveAll(p); err != nil {
			return fmt.Errorf("removing a volume: %w", err)
		}
	}
	return nil
}
