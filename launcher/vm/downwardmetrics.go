package vm

import (
	"context"
	"path/filepath"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain"
	"kubevirt.io/kubevirt/launcher/downwardmetrics"
)

// metricsDisk makes the disk from which a guest reads metrics of its node, and keeps it
// fresh as long as the launcher lives.
func (p *Local) metricsDisk(vmi *v1.VirtualMachineInstance, volume *v1.Volume) (map[string]domain.Disk, error) {
	source := downwardmetrics.Of(vmi)
	image, err := downwardmetrics.Disk(p.DisksDir, volume.Name, source)
	if err != nil {
		return nil, err
	}
	p.metricsDiskOnce.Do(func() { go downwardmetrics.Refresh(context.Background(), image.Path, source, p.Log) })
	disks, err := single(volume.Name, image, nil)
	metrics := disks[volume.Name]
	metrics.ReadOnly = true
	return map[string]domain.Disk{volume.Name: metrics}, err
}

// serveMetrics answers a guest that has the channel for it, and returns the socket.
func (p *Local) serveMetrics(ctx context.Context, vmi *v1.VirtualMachineInstance) string {
	if vmi.Spec.Domain.Devices.DownwardMetrics == nil {
		return ""
	}
	socket := filepath.Join(p.RunDir, "downwardmetrics.sock")
	p.metricsChannelOnce.Do(func() {
		go downwardmetrics.Serve(context.WithoutCancel(ctx), socket, downwardmetrics.Of(vmi), p.Log)
	})
	return socket
}
