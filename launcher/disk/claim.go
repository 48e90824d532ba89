package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	// claimImage is the image in a claim that is a filesystem.
	claimImage = "disk.img"
	// imageUnit is what the size of an image made here is a multiple of.
	imageUnit = 1 << 20
)

// Room says how large an image is made where a claim has less room than its size.
type Room struct {
	// TolerancePercent is by how much the image may be smaller than the claim; 0
	// tolerates anything, as for a handler that does not know of it.
	TolerancePercent uint32
	// Reserve is left free in the filesystem, for what it keeps beside the image; 0
	// stands for claimReserve.
	Reserve int64
}

const claimReserve = 128 << 10

// Claim returns the image in a claim: path is its device, or the directory where
// it is mounted. In a directory without an image an empty one is made, unless
// readOnly: as large as the claim, which is limit bytes, but no larger than what is
// free, if room tolerates that. limit is 0 where nobody knows. Images here are always raw, whatever a guest
// has written to their beginning.
func Claim(path string, readOnly bool, limit int64, room Room) (Image, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Image{}, fmt.Errorf("looking for the claim: %w", err)
	}
	switch {
	case info.IsDir():
		return imageIn(path, readOnly, limit, room)
	case info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0:
		return Image{Path: path, Format: FormatRaw, Block: true}, nil
	}
	return Image{}, fmt.Errorf("%w: the claim is neither a directory nor a block device", ErrInvalid)
}

func imageIn(directory string, readOnly bool, limit int64, room Room) (Image, error) {
	path := filepath.Join(directory, claimImage)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && readOnly {
		return Image{}, fmt.Errorf("%w: the claim is read-only and holds no %s", ErrInvalid, claimImage)
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeImage(path, limit, room); err != nil {
			return Image{}, err
		}
		info, err = os.Lstat(path) // perhaps somebody else's
	}
	if err == nil && info.Mode().IsRegular() && info.Size() == 0 && !readOnly {
		// Somebody is about to give it a size, or was interrupted before.
		if err := growImage(path, limit, room); err != nil {
			return Image{}, err
		}
		info, err = os.Lstat(path)
	}
	if err != nil {
		return Image{}, fmt.Errorf("looking for the claim's image: %w", err)
	}
	image, err := rawImage(path, info, readOnly)
	if err != nil || readOnly {
		return image, err
	}
	return image, fits(directory, image.Size, limit)
}

// fits refuses an image that its guest could not fill: it would meet the end of the
// claim in the middle of its disk. limit counts only where the filesystem is not larger.
func fits(directory string, size uint64, limit int64) error {
	var found unix.Statfs_t
	if err := unix.Statfs(directory, &found); err != nil {
		return fmt.Errorf("measuring the claim: %w", err)
	}
	if room := max(found.Blocks*uint64(BlockUnit(&found)), uint64(limit)); size > room {
		return fmt.Errorf("%w: %s has %d bytes, more than the claim's %d: let the claim grow", ErrInvalid, claimImage, size, room)
	}
	return nil
}

// makeImage makes an empty image that takes space only as it is written. It appears
// under its name complete, and never in place of another: looking whether there is one
// does not help against guests that share the claim, nor against a cache of the network.
func makeImage(path string, limit int64, room Room) error {
	size, err := sizeIn(filepath.Dir(path), limit, room)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+claimImage+".")
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the claim holds no %s, and user %d may not make one there: name a claim that is empty or has one, "+
			"or let this user write to its directory: %w", claimImage, os.Geteuid(), err)
	}
	if err != nil {
		return fmt.Errorf("making the claim's image: %w", err)
	}
	defer func() { _ = file.Close(); _ = os.Remove(file.Name()) }()
	if err := file.Chmod(0o660); err != nil {
		return fmt.Errorf("setting the permissions of the claim's image: %w", err)
	}
	if err := file.Truncate(size); err != nil {
		return fmt.Errorf("sizing the claim's image: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("writing the claim's image: %w", err)
	}
	return putInPlace(file.Name(), path, os.Link)
}

// putInPlace gives an image its name, unless something has it. Where the file system has
// no links an empty one gets it, which is to grow.
func putInPlace(made, path string, link func(made, path string) error) error {
	err := link(made, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	empty, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o660)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("making the claim's image: %w", err)
	}
	return empty.Close()
}

// growImage gives a size to an image that has none. One that has got one meanwhile
// keeps it, and all that is in it.
func growImage(path string, limit int64, room Room) error {
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("opening the claim's image: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the claim's image: %w", err)
	}
	if info.Size() > 0 {
		return nil
	}
	size, err := sizeIn(filepath.Dir(path), limit, room)
	if err != nil {
		return err
	}
	// To take the last byte makes a file longer, and never shorter.
	err = unix.Fallocate(int(file.Fd()), 0, size-1, 1)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		err = file.Truncate(size)
	}
	if err != nil {
		return fmt.Errorf("sizing the claim's image: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("writing the claim's image: %w", err)
	}
	return nil
}

// sizeIn is the size of an image to be made in a claim.
func sizeIn(directory string, limit int64, room Room) (int64, error) {
	var found unix.Statfs_t
	if err := unix.Statfs(directory, &found); err != nil {
		return 0, fmt.Errorf("measuring the claim: %w", err)
	}
	size, least := room.sizes(int64(found.Bavail)*BlockUnit(&found), limit)
	if size == 0 {
		return 0, fmt.Errorf("%w: the claim has no room for an image", ErrInvalid)
	}
	if size < least {
		// How much is free is not said: it changes, and each new word is a new status.
		return 0, fmt.Errorf("%w: the claim has less room for an image than its %d bytes, by more than the %d per cent that are tolerated "+
			"(developerConfiguration.pvcTolerateLessSpaceUpToPercent of the KubeVirt object)", ErrInvalid, limit, room.TolerancePercent)
	}
	return size, nil
}

// sizes are that of an image that is not to outgrow the free space, nor the claim (of
// a filesystem that claims share, the free space is no claim's own), and the least
// that is tolerated.
func (r Room) sizes(free, limit int64) (size, least int64) {
	size = max(free-cmp.Or(r.Reserve, claimReserve), 0)
	if limit > 0 {
		size = min(size, limit)
	}
	if r.TolerancePercent > 0 && r.TolerancePercent <= 100 {
		least = limit / 100 * int64(100-r.TolerancePercent)
	}
	return size / imageUnit * imageUnit, least / imageUnit * imageUnit
}
