package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// sharedClaim says where the compute container has a claim that the guest sees as a
// directory. Who may do what in it is the matter of what is there, as it is for any
// pod; only a new file system, empty and root's, is given to the launcher's user.
func sharedClaim(pod Pod, volume *v1.Volume) (string, error) {
	directory, path, err := directoryOf(pod, volume.Name)
	if err != nil {
		return "", fmt.Errorf("looking for its claim, which has to be a filesystem: %w", err)
	}
	defer directory.Close()
	if volume.IsReadOnly() {
		return path, nil
	}
	return path, grantFresh(directory, pod.User)
}

// directoryOf opens the directory of a volume in the compute container, and says where it is.
func directoryOf(pod Pod, volume string) (*os.File, string, error) {
	root, err := pod.Launcher.Root()
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	path := filepath.Join(claimsDir, volume)
	directory, err := openIn(root, path, unix.O_PATH|unix.O_DIRECTORY)
	return directory, path, err
}

// grantFresh gives a file system to a user if it is as its provisioner has made it.
func grantFresh(directory *os.File, user int) error {
	fresh, err := isFresh(directory)
	if err != nil || !fresh {
		return err
	}
	return grant(int(directory.Fd()), unix.S_IFDIR, user)
}

// isFresh tells whether a directory is root's and has nobody's files in it. What even
// root may not look into, as on a server, is not.
func isFresh(directory *os.File) (bool, error) {
	var found unix.Stat_t
	if err := unix.Fstat(int(directory.Fd()), &found); err != nil {
		return false, fmt.Errorf("looking at the claim: %w", err)
	}
	if found.Uid != 0 {
		return false, nil
	}
	listed, err := openIn(directory, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("opening the claim: %w", err)
	}
	defer listed.Close()
	names, err := listed.Readdirnames(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("listing the claim: %w", err)
	}
	return len(names) == 0 || len(names) == 1 && names[0] == "lost+found", nil
}
