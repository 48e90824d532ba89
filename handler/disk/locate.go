package disk

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// containerDiskDir is where an image has its disk unless the VMI names a path.
const containerDiskDir = "/disk"

// locate opens the disk of a container image whose root directory is given: the
// file at path, or the only file in containerDiskDir.
func locate(root *os.File, path string) (*os.File, error) {
	if path != "" {
		return openRegular(root, path)
	}
	directory, err := openIn(root, containerDiskDir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("the image has no directory %s: %w", containerDiskDir, err)
	}
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("listing %s of the image: %w", containerDiskDir, err)
	}
	var found *os.File
	for _, name := range names {
		file, err := openRegular(root, filepath.Join(containerDiskDir, name))
		if err != nil {
			continue
		}
		if found != nil {
			_ = found.Close()
			_ = file.Close()
			return nil, fmt.Errorf("the image has more than one file in %s: containerDisk.path must name one", containerDiskDir)
		}
		found = file
	}
	if found == nil {
		return nil, fmt.Errorf("the image has no file in %s", containerDiskDir)
	}
	return found, nil
}

func openRegular(root *os.File, path string) (*os.File, error) {
	file, err := openIn(root, path, unix.O_PATH)
	if err != nil {
		return nil, fmt.Errorf("opening a file of the image: %w", err)
	}
	var found unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &found); err != nil || found.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = file.Close()
		return nil, fmt.Errorf("%s of the image is not a regular file", path)
	}
	return file, nil
}
