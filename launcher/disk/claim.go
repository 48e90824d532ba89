package disk

import (
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
	// claimReserve is left free in a filesystem, for what it keeps beside the image.
	claimReserve = 128 << 10
	// imageUnit is what the size of an image made here is a multiple of.
	imageUnit = 1 << 20
)

// Claim returns the image in a claim: path is its device, or the directory where
// it is mounted. In a directory without an image an empty one is made, unless
// readOnly: as large as the claim, which is limit bytes, but no larger than what is
// free. limit is 0 where nobody knows. Images here are always raw, whatever a guest
// has written to their beginning.
func Claim(path string, readOnly bool, limit int64) (Image, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Image{}, fmt.Errorf("looking for the claim: %w", err)
	}
	switch {
	case info.IsDir():
		return imageIn(path, readOnly, limit)
	case info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0:
		return Image{Path: path, Format: FormatRaw, Block: true}, nil
	}
	return Image{}, fmt.Errorf("%w: the claim is neither a directory nor a block device", ErrInvalid)
}

func imageIn(directory string, readOnly bool, limit int64) (Image, error) {
	path := filepath.Join(directory, claimImage)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && readOnly:
		return Image{}, fmt.Errorf("%w: the claim is read-only and holds no %s", ErrInvalid, claimImage)
	case errors.Is(err, fs.ErrNotExist):
		return makeImage(path, limit)
	case err != nil:
		return Image{}, fmt.Errorf("looking for the claim's image: %w", err)
	case !info.Mode().IsRegular():
		return Image{}, fmt.Errorf("%w: %s in the claim is not a regular file", ErrInvalid, claimImage)
	case info.Size() == 0 && !readOnly:
		// Somebody was interrupted before it had a size; there is nothing in it to lose.
		return makeImage(path, limit)
	}
	return Image{Path: path, Format: FormatRaw, Size: uint64(info.Size())}, nil
}

// makeImage makes an empty image that takes space only as it is written.
func makeImage(path string, limit int64) (Image, error) {
	var found unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &found); err != nil {
		return Image{}, fmt.Errorf("measuring the claim: %w", err)
	}
	size := sizeFor(int64(found.Bavail)*found.Bsize, limit)
	if size == 0 {
		return Image{}, fmt.Errorf("%w: the claim has no room for an image", ErrInvalid)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o660)
	if err != nil {
		return Image{}, fmt.Errorf("making the claim's image: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := file.Truncate(size); err != nil {
		return Image{}, fmt.Errorf("sizing the claim's image: %w", err)
	}
	if err := file.Sync(); err != nil {
		return Image{}, fmt.Errorf("writing the claim's image: %w", err)
	}
	return Image{Path: path, Format: FormatRaw, Size: uint64(size)}, nil
}

// sizeFor is the size of an image that is not to outgrow the free space, nor the
// claim: of a filesystem that claims share, the free space is no claim's own.
func sizeFor(free, limit int64) int64 {
	size := max(free-claimReserve, 0)
	if limit > 0 {
		size = min(size, limit)
	}
	return size / imageUnit * imageUnit
}
