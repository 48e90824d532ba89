package filesystem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Directory opens a directory of the launcher's container, if a guest may see it.
func Directory(path string) (*os.File, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("%s is not an absolute path", path)
	}
	directory, err := Open(path)
	if err != nil {
		return nil, err
	}
	// Where it really is, whatever has become of the path since it was opened.
	actual, err := os.Readlink(throughFD(int(directory.Fd())))
	if err == nil && v1.IsReservedPath(actual) {
		err = fmt.Errorf("%s is, or holds, a directory of the launcher's own", path)
	}
	if err != nil {
		_ = directory.Close()
		return nil, err
	}
	return directory, nil
}

// Open opens a directory to be shared. It is shared as what was opened: a link that takes
// its place, or the place of one above it, leads nowhere.
func Open(path string) (*os.File, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("looking for the directory in the launcher's container: %w", err)
	}
	directory, err := openExactly(resolved)
	if errors.Is(err, unix.ENOTDIR) {
		return nil, fmt.Errorf("%s is not a directory", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the directory in the launcher's container: %w", err)
	}
	return directory, nil
}

// openExactly follows no link on the way to a directory.
func openExactly(path string) (*os.File, error) {
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// throughFD is a path to what this process has open.
func throughFD(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }
