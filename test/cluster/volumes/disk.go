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
func (d disk) device() string    { return filepath.Join(d.dir, d.name+DeviceSuffix) }

// lun is the file by which nodes learn of a volume on the iSCSI target.
func (d disk) lun() string { return filepath.Join(d.dir, d.name+LUNSuffix) }

// makeDirectory makes the volume as a file system whose size is not enforced.
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
	grown, err := d.makeImage(size)
	if err != nil {
		return err
	}
	if grown {
		if err := onLoops([]string{d.image()}, unix.LOOP_SET_CAPACITY, "growing"); err != nil {
			return err
		}
		// A kubelet puts a loop device of its own on the device.
		if err := onLoops([]string{d.device()}, unix.LOOP_SET_CAPACITY, "growing"); err != nil {
			return err
		}
	}
	loop, err := attach(d.image())
	if err != nil {
		return err
	}
	return Name(loop, d.device())
}

// makeImage makes the volume's file at least so big, and tells whether it was
// smaller.
func (d disk) makeImage(size int64) (grown bool, err error) {
	file, err := os.OpenFile(d.image(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, fmt.Errorf("making a volume: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("making a volume: %w", err)
	}
	if info.Size() >= size {
		return false, nil
	}
	if err := file.Truncate(size); err != nil {
		return false, fmt.Errorf("sizing a volume: %w", err)
	}
	return true, nil
}

// Name makes a device node for the loop device at path, replacing one for
// another.
func Name(loop, path string) error {
	var wanted, has unix.Stat_t
	if err := unix.Stat(loop, &wanted); err != nil {
		return fmt.Errorf("looking at a loop device: %w", err)
	}
	if unix.Stat(path, &has) == nil && has.Rdev == wanted.Rdev {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replacing a volume's device: %w", err)
	}
	if err := unix.Mknod(path, unix.S_IFBLK|0o660, int(wanted.Rdev)); err != nil {
		return fmt.Errorf("making a volume's device: %w", err)
	}
	return nil
}

func (d disk) remove() error {
	if err := d.unmount(); err != nil {
		return err
	}
	if err := onLoops([]string{d.device(), d.image()}, unix.LOOP_CLR_FD, "detaching"); err != nil {
		return err
	}
	for _, p := range []string{d.device(), d.lun(), d.image(), d.directory()} {
		if err := os.RemoveAll(p); err != nil {
			return fmt.Errorf("removing a volume: %w", err)
		}
	}
	return nil
}
