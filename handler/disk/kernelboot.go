package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// As the launcher pod is rendered: where its compute container has the image of
// kernel and initrd, and the socket of the container that keeps it open elsewhere,
// whose name no volume can have.
const (
	kernelImageDir   = "/var/run/kubevirt-kernel-boot"
	kernelSocketName = "kernel.boot"
)

// kernelDir takes the files of an image that is kept open by its own container.
const kernelDir = "/var/run/kubevirt/kernel-boot"

// KernelBoot makes the kernel that the VMI boots from outside its disks available
// in the compute container, and says where; nil where it boots none. It can be
// repeated at any time.
func KernelBoot(ctx context.Context, vmi *v1.VirtualMachineInstance, pod Pod) (*protocol.KernelBoot, error) {
	firmware := vmi.Spec.Domain.Firmware
	if firmware == nil || firmware.KernelBoot == nil || firmware.KernelBoot.Container == nil {
		return nil, nil
	}
	found, err := kernelBoot(ctx, firmware.KernelBoot.Container, pod)
	if err != nil {
		return nil, fmt.Errorf("kernelBoot: %w", err)
	}
	return found, nil
}

func kernelBoot(ctx context.Context, wanted *v1.KernelBootContainer, pod Pod) (*protocol.KernelBoot, error) {
	root, err := pod.Launcher.Root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	directory, err := openIn(root, kernelImageDir, unix.O_PATH|unix.O_DIRECTORY)
	if err == nil {
		_ = directory.Close()
		return &protocol.KernelBoot{Kernel: kernelImageDir, Initrd: kernelImageDir}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for its image: %w", err)
	}
	wait, cancel := context.WithTimeout(ctx, socketTimeout)
	defer cancel()
	keeper, release, err := awaitKeeper(wait, pod, kernelSocketName)
	if err != nil {
		return nil, err
	}
	defer release()
	shared := &protocol.KernelBoot{}
	for _, file := range []struct {
		path, target string
		shared       *string
	}{
		{wanted.KernelPath, kernelDir + "/kernel", &shared.Kernel},
		{wanted.InitrdPath, kernelDir + "/initrd", &shared.Initrd},
	} {
		if file.path == "" {
			continue
		}
		if err := share(keeper, file.path, pod.Launcher, file.target); err != nil {
			return nil, fmt.Errorf("%s: %w", file.path, err)
		}
		*file.shared = file.target
	}
	return shared, nil
}
