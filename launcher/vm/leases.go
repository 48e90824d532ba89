package vm

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/dhcp"
)

// leases are the running DHCP servers by device. Starts are serialized by the
// Machine, so nothing here is locked.
type leases struct {
	running map[string]lease
}

type lease struct {
	config dhcp.Config
	server *dhcp.Server
}

// lease builds the configuration of an interface's DHCP server.
func (p *Local) lease(vmi *v1.VirtualMachineInstance, nic Interface) dhcp.Config {
	resolver, err := dhcp.ReadResolver(p.ResolvConf)
	if err != nil {
		// A pod may be without DNS; its guest is then, too.
		p.Log.Info("the guest gets no DNS servers", "err", err.Error())
	}
	return dhcp.Config{
		Device: nic.DHCP.Device, MAC: nic.MAC,
		Address: nic.DHCP.Address, Gateway: nic.DHCP.Gateway,
		MTU: nic.MTU, Hostname: hostname(vmi),
		Resolver: resolver.WithSubdomain(vmi.Spec.Subdomain, vmi.Namespace),
	}
}

// serve starts the server, unless the same one is running.
func (l *leases) serve(ctx context.Context, config dhcp.Config, log *slog.Logger) error {
	if old, running := l.running[config.Device]; running {
		if reflect.DeepEqual(old.config, config) {
			return nil
		}
		if err := old.server.Close(); err != nil {
			return fmt.Errorf("stopping the former DHCP server: %w", err)
		}
		delete(l.running, config.Device)
	}
	server, err := dhcp.Listen(ctx, config, log)
	if err != nil {
		return err
	}
	if l.running == nil {
		l.running = map[string]lease{}
	}
	l.running[config.Device] = lease{config: config, server: server}
	go func() {
		if err := server.Serve(); err != nil {
			log.Error("the DHCP server stopped", "device", config.Device, "err", err.Error())
		}
	}()
	return nil
}
