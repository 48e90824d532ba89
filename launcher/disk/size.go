package disk

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/launcher/disk/qcow2"
)

// SizeOf is how many bytes a guest sees of an image, or of a device, that is ready
// for use; 0 where nobody can tell.
func SizeOf(path, format string) int64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	if format == FormatQcow2 {
		header, _, err := qcow2.Read(file)
		if err != nil {
			return 0
		}
		return int64(header.Size)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0
	}
	return size
}

// BlockUnit is what a file system counts its blocks in, in bytes. That is not the size
// of its I/O everywhere.
func BlockUnit(system *unix.Statfs_t) int64 {
	if system.Frsize != 0 {
		return system.Frsize
	}
	return system.Bsize
}
