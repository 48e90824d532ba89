package disk

import (
	"fmt"
	"os"
)

// HostDisk returns the disk image at a path in a directory of the node. Like claims,
// such images are raw, whatever a guest has written to their beginning.
func HostDisk(path string, readOnly bool) (Image, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Image{}, fmt.Errorf("looking for the host disk: %w", err)
	}
	return rawImage(path, info, readOnly)
}

// rawImage is a file that holds nothing but what the guest sees.
func rawImage(path string, info os.FileInfo, readOnly bool) (Image, error) {
	switch {
	case !info.Mode().IsRegular():
		return Image{}, fmt.Errorf("%w: %s is not a regular file", ErrInvalid, info.Name())
	case info.Size() == 0:
		return Image{}, fmt.Errorf("%w: %s is empty", ErrInvalid, info.Name())
	case info.Size()%sector != 0 && !readOnly:
		return Image{}, fmt.Errorf("%w: %s has %d bytes, and a disk needs a multiple of %d: let it grow to %d, e.g. with truncate -s",
			ErrInvalid, info.Name(), info.Size(), sector, inSectors(info.Size()))
	}
	return Image{Path: path, Format: FormatRaw, Size: uint64(info.Size())}, nil
}
