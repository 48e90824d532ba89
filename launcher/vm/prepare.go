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
	"kubevirt.io/kubevirt/launcher/disk/configvolume"
	"kubevirt.io/kubevirt/launcher/domain"
	"kubevirt.io/kubevirt/launcher/filesystem"
	"kubevirt.io/kubevirt/launcher/hook"
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
	// SecretsDir has a directory for each mounted Secret with cloud-init data or access
	// credentials.
	SecretsDir string
	// ConfigDir has a directory for each volume whose files the kubelet brings.
	ConfigDir string
	// ResolvConf is the pod's resolv.conf.
	ResolvConf string
	// Filesystems serves volumes that the guest sees as directories.
	Filesystems *filesystem.Servers
	// Sidecars may change the domain before it is started.
	Sidecars hook.Sidecars
	Log      *slog.Logger

	leases    leases
	serialLog sync.Once
	passtLog  sync.Once
	// Metrics of the node go to the guest by a disk, a channel or both.
	metricsDiskOnce, metricsChannelOnce sync.Once
}

// Prepare implements Preparer.
func (p *Local) Prepare(ctx context.Context, wanted Wanted) (Prepared, error) {
	host := domain.Host{
		Emulation:           wanted.Host.Emulation,
		TranslationCacheMiB: wanted.Host.TranslationCacheMiB,
		SMBIOS:              domain.SMBIOS(wanted.Host.SMBIOS),
		Disks:               map[string]domain.Disk{},
		Filesystems:         map[string]string{},
		Interfaces:          map[string]domain.Interface{},
		SerialSocket:        filepath.Join(p.RunDir, "serial0.sock"),
		VNCSocket:           filepath.Join(p.RunDir, "vnc.sock"),
		USBRedirSockets:     usbRedirSockets(p.RunDir),
		MetricsSocket:       p.serveMetrics(ctx, wanted.VMI),
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
		var prepared map[string]domain.Disk
		var err error
		if wanted.VMI.Spec.SharesAsFilesystem(volume.Name) {
			host.Filesystems[volume.Name], err = p.share(wanted, volume)
		} else {
			prepared, err = p.volume(wanted, volume)
		}
		if err != nil {
			return Prepared{}, fmt.Errorf("preparing volume %s: %w", volume.Name, err)
		}
		maps.Copy(host.Disks, prepared)
	}
	if err := matchBlocks(wanted.VMI, host.Disks); err != nil {
		return Prepared{}, err
	}
	boot, err := kernelBoot(wanted)
	if err != nil {
		return Prepared{}, fmt.Errorf("preparing kernelBoot: %w", err)
	}
	host.KernelBoot = boot
	if host.UEFI, err = uefi(wanted); err != nil {
		return Prepared{}, fmt.Errorf("preparing the firmware: %w", err)
	}
	if host.ACPITables, err = p.acpiTables(wanted.VMI); err != nil {
		return Prepared{}, err
	}
	for _, nic := range wanted.Interfaces {
		host.Interfaces[nic.Network] = domain.Interface{
			Tap: nic.Tap, PodInterface: nic.PodInterface, MAC: nic.MAC.String(), MTU: uint(nic.MTU),
		}
		if err := p.network(ctx, wanted, nic); err != nil {
			return Prepared{}, fmt.Errorf("%w: network %s: %w", ErrNetwork, nic.Network, err)
		}
	}
	if host.Passt, err = p.passt(ctx, wanted.VMI); err != nil {
		return Prepared{}, fmt.Errorf("%w: passt: %w", ErrNetwork, err)
	}
	built, err := domain.Build(wanted.VMI, host)
	if err != nil {
		return Prepared{}, fmt.Errorf("%w: %w", ErrDomain, err)
	}
	final, err := p.final(ctx, wanted.VMI, built)
	if err != nil {
		return Prepared{}, err
	}
	xml, err := final.Marshal()
	if err != nil {
		return Prepared{}, fmt.Errorf("%w: encoding it: %w", ErrDomain, err)
	}
	return Prepared{
		XML: xml, Disks: disksOf(final, host.Disks), Credentials: credentialsOf(wanted.VMI, p.SecretsDir), Dump: dumpTargetOf(wanted),
	}, nil
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
	case volume.MemoryDump != nil:
		return nil, nil // the guest does not see it
	case volume.ClaimName() != "":
		return p.claim(wanted, volume)
	case volume.HostDisk != nil:
		return hostDisk(wanted, volume)
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
	case volume.CloudInit() != nil:
		image, err := p.cloudInit(wanted, volume)
		return single(volume.Name, image, err)
	case volume.IsConfig(), volume.Sysprep != nil:
		image, err := configvolume.Disk(p.DisksDir, volume, p.configSource(volume.Name))
		return single(volume.Name, image, err)
	case volume.DownwardMetrics != nil:
		return p.metricsDisk(wanted.VMI, volume)
	}
	return nil, fmt.Errorf("%w: this launcher does not know its kind", disk.ErrInvalid)
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
