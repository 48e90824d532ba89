package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Devices keeps guests of one node off a device that another one writes to. Their pods
// have nodes of their own for it, so that QEMU's locks do not meet. virt-controller
// sees to it claim by claim; here is seen when two claims lead to the same device.
//
// Who has been let to a device is noted on the pod's node of it, where nobody but this
// agent can change it. So it holds from before the guest opens the device until the last
// process of the pod has ended, whatever becomes of the agent meanwhile.
type Devices struct {
	// mutex is held from looking until the note is there.
	mutex sync.Mutex
}

// noteAttribute of a device's node has the note.
const noteAttribute = "trusted.kubevirt.admitted"

// holder is a pod that has been let to a device.
type holder struct {
	pod   string
	guest types.NamespacedName
	use   v1.VolumeUse
}

// note is what a device's node says about its pod.
func (h holder) note() string { return h.guest.String() + " " + string(h.use) }

func holderFrom(pod, note string) holder {
	guest, use, _ := strings.Cut(note, " ")
	namespace, name, _ := strings.Cut(guest, "/")
	return holder{pod: pod, guest: types.NamespacedName{Namespace: namespace, Name: name}, use: v1.VolumeUse(use)}
}

// admit lets the pod to the device at a path of its container, or says why not. It
// tells whether there is one.
func (d *Devices) admit(pod Pod, root *os.File, path string, use v1.VolumeUse) (bool, error) {
	node, device, err := blockDevice(root, path)
	if node == nil {
		return false, err
	}
	defer node.Close()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	holders, err := holdersOf(device, pod)
	if err != nil {
		return true, fmt.Errorf("looking for who uses its device: %w", err)
	}
	if other := conflict(use, holders); other != nil {
		return true, fmt.Errorf("its device %d:%d is in use by %s on this node, and would be %s here: "+
			"two guests share a device only if both read it, or the disks of both are shareable",
			unix.Major(device), unix.Minor(device), other.nameFor(pod.guest.Namespace), use)
	}
	own := holder{guest: pod.guest, use: use}
	if err := unix.Setxattr(inProc(node), noteAttribute, []byte(own.note()), 0); err != nil {
		return true, fmt.Errorf("noting on its device who uses it (the node's kernel needs CONFIG_TMPFS_XATTR): %w", err)
	}
	return true, nil
}

// nameFor names the holder to somebody who may know about one namespace.
func (h *holder) nameFor(namespace string) string {
	if h.guest.Namespace != namespace {
		return "a guest of another namespace"
	}
	return v1.KindVirtualMachineInstance + " " + h.guest.String()
}

// conflict returns a holder that keeps a use from the device, nil for none.
func conflict(use v1.VolumeUse, holders []holder) *holder {
	for i := range holders {
		if !use.Allows(holders[i].use) {
			return &holders[i]
		}
	}
	return nil
}

// holdersOf lists the other pods that have been let to a device. Processes come and go
// meanwhile; a container's first one is there all the time.
func holdersOf(device uint64, pod Pod) ([]holder, error) {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []holder
	for _, process := range processes {
		pid, err := strconv.Atoi(process.Name())
		if err != nil {
			continue
		}
		container, err := pod.Cgroups.OwnerOf(pid)
		if err != nil || container.PodUID == pod.UID {
			continue // of no pod, or gone
		}
		note, err := noteOf(pid, device)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH), // it has ended
			errors.Is(err, fs.ErrPermission): // it is none that a device has been given to
		case err != nil:
			return nil, err
		case note != "":
			found = append(found, holderFrom(container.PodUID, note))
		}
	}
	return found, nil
}

// noteOf is what a process's container has noted on a device; empty where it does not
// have it, or has not been let to it.
func noteOf(pid int, device uint64) (string, error) {
	root, err := os.OpenFile(fmt.Sprintf("/proc/%d/root", pid), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", err
	}
	defer root.Close()
	directory, err := openIn(root, devicesDir, unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		node, found, err := blockDevice(root, filepath.Join(devicesDir, name))
		if node == nil || err != nil {
			continue
		}
		note := make([]byte, 1024) // two names and a word
		length := 0
		if found == device {
			length, err = unix.Getxattr(inProc(node), noteAttribute, note)
		}
		_ = node.Close()
		if length > 0 && err == nil {
			return string(note[:length]), nil
		}
	}
	return "", nil
}

// blockDevice opens a container's node of a block device; nil for anything else.
func blockDevice(root *os.File, path string) (*os.File, uint64, error) {
	fd, err := unix.Openat2(int(root.Fd()), path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_SYMLINKS,
	})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of the launcher: %w", path, err)
	}
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil || found.Mode&unix.S_IFMT != unix.S_IFBLK {
		_ = unix.Close(fd)
		return nil, 0, err
	}
	return os.NewFile(uintptr(fd), path), found.Rdev, nil
}

// inProc is a path to an open file that leads to the very same.
func inProc(file *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", file.Fd()) }
