package vm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/disk/cloudinit"
	"kubevirt.io/kubevirt/launcher/domain"
)

// ErrDomain says that no domain can be built from what is wanted.
var ErrDomain = errors.New("no domain can be built")

// ErrNetwork says that a service for the guest's network does not run.
var ErrNetwork = errors.New("the guest's network is not ready")

// Local prepares in the launcher's own pod.
type Local struct {
	// RunDir is shared with the handler: sockets and the serial log are there.
	RunDir string
	// DisksDir takes the disks that the launcher makes.
	DisksDir string
	// SecretsDir has a directory for each mounted cloud-init secret.
	SecretsDir string
	// ResolvConf is the pod's resolv.conf.
	ResolvConf string
	Log        *slog.Logger

	leases    leases
	serialLog sync.Once
}

// Prepare implements Preparer.
func (p *Local) Prepare(ctx context.Context, wanted Wanted) (string, error) {
	host := domain.Host{
		Emulation:           wanted.Host.Emulation,
		TranslationCacheMiB: wanted.Host.TranslationCacheMiB,
		SMBIOS:              domain.SMBIOS(wanted.Host.SMBIOS),
		Disks:               map[string]domain.Disk{},
		Interfaces:          map[string]domain.Interface{},
		SerialSocket:        filepath.Join(p.RunDir, "serial0.sock"),
		VNCSocket:           filepath.Join(p.RunDir, "vnc.sock"),
		USBRedirSockets:     usbRedirSockets(p.RunDir),
		BalloonStatsPeriod:  wanted.Host.BalloonStatsPeriodSeconds,
		FreePageReporting:   wanted.Host.FreePageReporting,
	}
	if wantsSerialLog(wanted.VMI) {
		host.SerialLog = filepath.Join(p.RunDir, "serial0.log")
		// As long as the launcher lives, like the guest.
		p.serialLog.Do(func() { go boundSerialLog(context.WithoutCancel(ctx), host.SerialLog, p.Log) })
	}
	for i := range wanted.VMI.Spec.Volumes {
		volume := &wanted.VMI.Spec.Volumes[i]
		prepared, err := p.volume(wanted, volume)
		if err != nil {
			return "", fmt.Errorf("preparing volume %s: %w", volume.Name, err)
		}
		maps.Copy(host.Disks, prepared)
	}
	for _, nic := range wanted.Interfaces {
		host.Interfaces[nic.Network] = domain.Interface{Tap: nic.Tap, MAC: nic.MAC.String(), MTU: uint(nic.MTU)}
		if nic.DHCP == nil {
			continue
		}
		if err := p.leases.serve(ctx, p.lease(wanted.VMI, nic), p.Log); err != nil {
			return "", fmt.Errorf("%w: network %s: %w", ErrNetwork, nic.Network, err)
		}
	}
	built, err := domain.Build(wanted.VMI, host)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDomain, err)
	}
	xml, err := built.Marshal()
	if err != nil {
		return "", fmt.Errorf("%w: encoding it: %w", ErrDomain, err)
	}
	return xml, nil
}

// usbRedirSlots is how many USB devices of a client a guest can have at once.
const usbRedirSlots = 4

func usbRedirSockets(dir string) []string {
	var sockets []string
	for i := range usbRedirSlots {
		sockets = append(sockets, filepath.Join(dir, fmt.Sprintf("usbredir-%d.sock", i)))
	}
	return sockets
}

// volume makes one volume's disk ready; a volume that is no disk yields none.
func (p *Local) volume(wanted Wanted, volume *v1.Volume) (map[string]domain.Disk, error) {
	switch {
	case volume.ClaimName() != "":
		path, err := wanted.resolved(volume.Name)
		if err != nil {
			return nil, err
		}
		image, err := disk.Claim(path, volume.IsReadOnly(), claimSize(wanted.VMI, volume.Name))
		return single(volume.Name, image, err)
	case volume.ContainerDisk != nil:
		path, err := wanted.resolved(volume.Name)
		if err != nil {
			return nil, err
		}
		base, err := disk.ContainerDisk(path, volume.ContainerDisk.Path)
		if err != nil {
			return nil, err
		}
		overlay, err := disk.Overlay(p.DisksDir, volume.Name, base)
		if err != nil {
			return nil, err
		}
		return map[string]domain.Disk{volume.Name: {
			Path: overlay.Path, Format: overlay.Format,
			DirectIO: disk.DirectIO(overlay.Path, base.Path),
			Backing:  &domain.DiskBacking{Path: base.Path, Format: base.Format},
		}}, nil
	case volume.EmptyDisk != nil:
		image, err := disk.EmptyDisk(p.DisksDir, volume.Name, volume.EmptyDisk.Capacity.Value())
		return single(volume.Name, image, err)
	case volume.CloudInitNoCloud != nil:
		image, err := p.cloudInit(wanted.VMI, volume)
		return single(volume.Name, image, err)
	}
	return nil, fmt.Errorf("%w: this launcher does not know its kind", disk.ErrInvalid)
}

// claimSize is how large the claim behind a volume is, or was asked for while it was
// not bound; 0 where the status does not say.
func claimSize(vmi *v1.VirtualMachineInstance, volume string) int64 {
	for i := range vmi.Status.VolumeStatus {
		status := &vmi.Status.VolumeStatus[i]
		if info := status.PersistentVolumeClaimInfo; status.Name == volume && info != nil {
			return max(info.Capacity.Storage().Value(), info.Requests.Storage().Value())
		}
	}
	return 0
}

// single is the result of a volume that consists of one image.
func single(volume string, image disk.Image, err error) (map[string]domain.Disk, error) {
	if err != nil {
		return nil, err
	}
	return map[string]domain.Disk{volume: {
		Path: image.Path, Format: image.Format, Block: image.Block, DirectIO: disk.DirectIO(image.Path),
	}}, nil
}

func (p *Local) cloudInit(vmi *v1.VirtualMachineInstance, volume *v1.Volume) (disk.Image, error) {
	data, err := cloudinit.Resolve(volume.CloudInitNoCloud, cloudinit.Secrets{
		UserData:    filepath.Join(p.SecretsDir, volume.Name+"-udata"),
		NetworkData: filepath.Join(p.SecretsDir, volume.Name+"-ndata"),
	})
	if err != nil {
		return disk.Image{}, err
	}
	data.MetaData = cloudinit.MetaData{InstanceID: instanceID(vmi), LocalHostname: hostname(vmi)}
	return cloudinit.Write(p.DisksDir, volume.Name, data)
}
