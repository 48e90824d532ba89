package vm

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"time"

	"kubevirt.io/kubevirt/launcher/dhcp"
	"kubevirt.io/kubevirt/launcher/router"
)

// leases are the running servers of guest interfaces by the device they are on.
// Starts are serialized by the Machine, so nothing here is locked.
type leases struct {
	running map[string]lease
}

type lease struct {
	config any
	stop   context.CancelFunc
	ended  <-chan struct{}
}

// server tells a guest about its network.
type server interface {
	Serve() error
	Close() error
}

// listener starts the servers of one device.
type listener func(context.Context) ([]server, error)

// A server that stops is started again after the first of these pauses, and while it
// does not start after one twice as long, up to the last.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// network starts the servers of one interface, unless the same ones are running.
func (p *Local) network(ctx context.Context, wanted Wanted, nic Interface) error {
	if nic.DHCP != nil {
		config := p.lease(wanted.VMI, nic)
		err := p.leases.serve(ctx, config.Device, config, p.Log, func(ctx context.Context) ([]server, error) {
			return dhcpServers(ctx, config, p.Log)
		})
		if err != nil {
			return err
		}
	}
	if nic.Advertisement == nil {
		return nil
	}
	config := p.advertisement(wanted.VMI, nic)
	return p.leases.serve(ctx, config.Tap, config, p.Log, func(context.Context) ([]server, error) {
		advertiser, err := router.Listen(config, p.Log)
		return []server{advertiser}, err
	})
}

func dhcpServers(ctx context.Context, config dhcp.Config, log *slog.Logger) ([]server, error) {
	var listeners []func(context.Context, dhcp.Config, *slog.Logger) (*dhcp.Server, error)
	if config.Address.IsValid() {
		listeners = append(listeners, dhcp.Listen)
	}
	if config.Address6.IsValid() {
		listeners = append(listeners, dhcp.Listen6)
	}
	var started []server
	for _, listen := range listeners {
		one, err := listen(ctx, config, log)
		if err != nil {
			return nil, errors.Join(err, closeAll(started))
		}
		started = append(started, one)
	}
	return started, nil
}

// serve replaces what runs on a device unless its configuration is the same.
func (l *leases) serve(ctx context.Context, device string, config any, log *slog.Logger, listen listener) error {
	if old, running := l.running[device]; running {
		if reflect.DeepEqual(old.config, config) {
			return nil
		}
		old.stop()
		<-old.ended
		delete(l.running, device)
	}
	// They go on when the request that starts them has been answered.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	servers, err := listen(serving)
	if err != nil {
		stop()
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		keep(serving, servers, log.With("device", device), listen)
	}()
	if l.running == nil {
		l.running = map[string]lease{}
	}
	l.running[device] = lease{config: config, stop: stop, ended: ended}
	return nil
}

// keep runs the servers of a device until ctx ends, and starts them again when one
// has stopped: the guest must not lose its addresses with them.
func keep(ctx context.Context, servers []server, log *slog.Logger, listen listener) {
	for {
		err := run(ctx, servers)
		for pause := firstPause; ; pause = min(2*pause, lastPause) {
			if ctx.Err() != nil {
				return
			}
			log.Error("a server of the guest's network stopped", "err", err, "pause", pause)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			if servers, err = listen(ctx); err == nil {
				break
			}
		}
	}
}

// run serves until one of the servers stops or ctx ends; then none runs any more.
func run(ctx context.Context, servers []server) error {
	stopped := make(chan error, len(servers))
	for _, one := range servers {
		go func() { stopped <- one.Serve() }()
	}
	var errs []error
	left := len(servers)
	select {
	case <-ctx.Done():
	case err := <-stopped:
		errs, left = append(errs, err), left-1
	}
	errs = append(errs, closeAll(servers))
	for range left {
		errs = append(errs, <-stopped)
	}
	return errors.Join(errs...)
}

func closeAll(servers []server) error {
	var errs []error
	for _, server := range servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}
