package vm

import (
	"context"
	"errors"
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
	config  dhcp.Config
	servers []*dhcp.Server
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
		Address: nic.DHCP.Address, Gateway: nic.DHCP.Gateway, Address6: nic.DHCP.Address6,
		MTU: nic.MTU, Hostname: hostname(vmi),
		Resolver: resolver.WithSubdomain(vmi.Spec.Subdomain, vmi.Namespace),
	}
}

// serve starts the servers, unless the same ones are running.
func (l *leases) serve(ctx context.Context, config dhcp.Config, log *slog.Logger) error {
	if old, running := l.running[config.Device]; running {
		if reflect.DeepEqual(old.config, config) {
			return nil
		}
		if err := old.close(); err != nil {
			return fmt.Errorf("stopping the former DHCP server: %w", err)
		}
		delete(l.running, config.Device)
	}
	started := lease{config: config}
	listeners := []func(context.Context, dhcp.Config, *slog.Logger) (*dhcp.Server, error){dhcp.Listen}
	if config.Address6.IsValid() {
		listeners = append(listeners, dhcp.Listen6)
	}
	for _, listen := range listeners {
		server, err := listen(ctx, config, log)
		if err != nil {
			return errors.Join(err, started.close())
		}
		started.servers = append(started.servers, server)
	}
	for _, server := range started.servers {
		go func() {
			if err := server.Serve(); err != nil {
				log.Error("the DHCP server stopped", "device", config.Device, "err", err.Error())
			}
		}()
	}
	if l.running == nil {
		l.running = map[string]lease{}
	}
	l.running[config.Device] = started
	return nil
}

func (l lease) close() error {
	var errs []error
	for _, server := range l.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}
