// Package disk brings the content of a VMI's volumes to where its launcher can
// use it.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/cgroup"
	"kubevirt.io/kubevirt/handler/process"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Directories in the compute container, as the launcher pod is rendered.
const (
	imagesDir = "/var/run/kubevirt-images"
	disksDir  = "/var/run/kubevirt/container-disks"
)

// socketTimeout bounds the wait for a container disk's process, which is started
// before the launcher.
const socketTimeout = 10 * time.Second

// Pod is a launcher pod, seen from its node.
type Pod struct {
	UID string
	// Launcher is the process of the compute container.
	Launcher *process.Process
	// User runs the launcher.
	User int
	// Sockets is the pod's emptyDir in which container disks serve their sockets,
	// where the cluster has no image volumes.
	Sockets string
	Cgroups cgroup.Reader
	// Devices are those of the node.
	Devices *Devices
	// Directory is the kubelet's for the pod, older than whatever the pod was made for.
	Directory string
	// Space says how much smaller than asked for a host disk may become.
	Space clusterconfig.DiskSpace
	// Smaller is told of one that was made smaller; sizes are in bytes.
	Smaller func(path string, asked, made int64)

	guest types.NamespacedName
}

// Resolve makes every volume of the VMI that the launcher does not make itself
// available in the compute container, and says where. It can be repeated at any
// time.
func Resolve(ctx context.Context, vmi *v1.VirtualMachineInstance, pod Pod) ([]*protocol.Volume, error) {
	pod.guest = types.NamespacedName{Namespace: vmi.Namespace, Name: vmi.Name}
	var volumes []*protocol.Volume
	for i := range vmi.Spec.Volumes {
		volume := &vmi.Spec.Volumes[i]
		var path string
		var err error
		switch {
		case volume.ContainerDisk != nil:
			path, err = containerDisk(ctx, pod, volume.Name, volume.ContainerDisk.Path)
		case volume.MemoryDump != nil:
			path, err = dumpClaim(pod, volume)
		case volume.ClaimName() != "" && vmi.Spec.SharesAsFilesystem(volume.Name):
			path, err = sharedClaim(pod, volume)
		case volume.ClaimName() != "":
			path, err = claim(pod, volume.Name, vmi.Spec.UseOf(volume), vmi.Spec.WritesTo(volume))
		case volume.HostDisk != nil:
			path, err = hostDisk(pod, volume, vmi.Spec.WritesTo(volume))
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", volume.Name, err)
		}
		if path != "" {
			volumes = append(volumes, &protocol.Volume{Name: volume.Name, Path: path})
		}
	}
	return volumes, nil
}

// containerDisk returns the directory of the image volume where the pod has it,
// or mounts the disk file of the container that keeps the image open.
func containerDisk(ctx context.Context, pod Pod, volume, path string) (string, error) {
	root, err := pod.Launcher.Root()
	if err != nil {
		return "", err
	}
	defer root.Close()
	image := filepath.Join(imagesDir, volume)
	directory, err := openIn(root, image, unix.O_PATH|unix.O_DIRECTORY)
	if err == nil {
		_ = directory.Close()
		return image, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("looking for its image: %w", err)
	}
	wait, cancel := context.WithTimeout(ctx, socketTimeout)
	defer cancel()
	keeper, release, err := awaitKeeper(wait, pod, volume)
	if err != nil {
		return "", err
	}
	defer release()
	target := filepath.Join(disksDir, volume+".img")
	if err := share(keeper, path, pod.Launcher, target); err != nil {
		return "", err
	}
	return target, nil
}

// awaitKeeper finds the container that keeps an image open, by the name of its socket.
func awaitKeeper(ctx context.Context, pod Pod, name string) (keeper *process.Process, release func(), err error) {
	conn, keeper, err := process.Await(ctx, pod.Cgroups, filepath.Join(pod.Sockets, name+".sock"), pod.UID)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for the container that keeps its image: %w", err)
	}
	return keeper, func() { keeper.Close(); _ = conn.Close() }, nil
}

// openIn opens a path as the process whose root directory is given would see it:
// symbolic links stay inside.
func openIn(root *os.File, path string, flags uint64) (*os.File, error) {
	how := &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	fd, err := unix.Openat2(int(root.Fd()), path, how)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}
