package volumes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// bounded is the kind of volumes whose file systems have a size.
const bounded = "bounded"

// Share makes dir a mount of its own whose later mounts reach the nodes that
// have it mounted.
func Share(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the volumes' directory: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("listing mounts: %w", err)
	}
	if !strings.Contains(string(mounts), " "+dir+" ") {
		if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting the volumes' directory: %w", err)
		}
	}
	if err := unix.Mount("", dir, "", unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the volumes' directory: %w", err)
	}
	return nil
}

// makeFileSystem makes the volume as a file system of so many bytes. It does
// not grow: for that ext4 wants CAP_SYS_RESOURCE, which the lab's root lacks.
func (d disk) makeFileSystem(size int64) error {
	if err := d.makeDirectory(); err != nil {
		return err
	}
	if mounted, err := d.mounted(); err != nil || mounted {
		return err
	}
	if _, err := os.Stat(d.image()); errors.Is(err, fs.ErrNotExist) {
		if err := d.format(size); err != nil {
			return err
		}
	}
	loop, err := attach(d.image())
	if err != nil {
		return err
	}
	if err := unix.Mount(loop, d.directory(), "ext4", 0, ""); err != nil {
		return fmt.Errorf("mounting a volume: %w", err)
	}
	return d.makeDirectory()
}

// format makes the image with an empty file system in which nearly all of
// the size is there for files.
func (d disk) format(size int64) error {
	if _, err := d.makeImage(size); err != nil {
		return err
	}
	out, err := exec.Command("/usr/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-i", "65536", "-O", "^has_journal,^resize_inode",
		d.image()).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("formatting a volume: %w: %s", err, out), os.Remove(d.image()))
	}
	return nil
}

// mounted reports whether the volume's directory is the root of a file system
// of its own.
func (d disk) mounted() (bool, error) {
	var inside, outside unix.Stat_t
	if err := unix.Stat(d.dir, &outside); err != nil {
		return false, fmt.Errorf("looking at the volumes' directory: %w", err)
	}
	err := unix.Stat(d.directory(), &inside)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at a volume: %w", err)
	}
	return inside.Dev != outside.Dev, nil
}

func (d disk) unmount() error {
	mounted, err := d.mounted()
	if err != nil || !mounted {
		return err
	}
	if err := unix.Unmount(d.directory(), 0); err != nil {
		return fmt.Errorf("unmounting a volume: %w", err)
	}
	return nil
}
