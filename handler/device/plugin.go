package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/go-logr/logr"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const (
	kubeletSocket = "kubelet.sock"
	// registerTimeout bounds one registration.
	registerTimeout = 5 * time.Second
	// registerAgain is the wait after a failed registration; the kubelet's socket
	// is watched as well.
	registerAgain = 5 * time.Second
)

// Plugins serves one device plugin for each device.
type Plugins struct {
	directory string
	log       logr.Logger
	plugins   []*plugin
	listed    chan struct{}
	shares    *shares
}

// New returns plugins for the devices. directory is the kubelet's directory of
// device plugin sockets: /var/lib/kubelet/device-plugins.
func New(directory string, devices []Device, log logr.Logger) *Plugins {
	p := &Plugins{directory: directory, log: log, listed: make(chan struct{}), shares: newShares()}
	pending := len(devices)
	var mutex sync.Mutex
	done := func() {
		mutex.Lock()
		defer mutex.Unlock()
		if pending--; pending == 0 {
			close(p.listed)
		}
	}
	for _, device := range devices {
		p.plugins = append(p.plugins, &plugin{device: device, listed: sync.OnceFunc(done), shares: p.shares})
	}
	if len(devices) == 0 {
		close(p.listed)
	}
	return p
}

// Listed is closed once the kubelet has asked for the list of every device, which
// is when it knows that pods can have them.
func (p *Plugins) Listed() <-chan struct{} { return p.listed }

// Share bounds the guests that may use each device from now on; nil bounds them by
// what a node can run. Those that use it keep it.
func (p *Plugins) Share(guests *int) { p.shares.set(guests) }

// Run serves until ctx is done. Whenever the kubelet (re)starts, which it shows by
// making its socket, everything is served and registered anew: it has removed the
// sockets and forgotten the devices.
func (p *Plugins) Run(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching for the kubelet: %w", err)
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(p.directory); err != nil {
		return fmt.Errorf("watching %s: %w", p.directory, err)
	}
	defer p.stop()
	for {
		var retry <-chan time.Time
		kubelet, err := os.Stat(filepath.Join(p.directory, kubeletSocket))
		if err == nil {
			err = p.announce(ctx)
		}
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				p.log.Info("The kubelet does not take the devices yet", "reason", err.Error())
			}
			retry = time.After(registerAgain)
		}
		if !p.wait(ctx, watcher, kubelet, retry) {
			return nil
		}
	}
}

// wait returns true when it is time to announce again, false when ctx is done. A
// late notice of the kubelet that has just been told is none.
func (p *Plugins) wait(ctx context.Context, watcher *fsnotify.Watcher, told os.FileInfo, retry <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-retry:
			return true
		case event := <-watcher.Events:
			if !event.Has(fsnotify.Create) || filepath.Base(event.Name) != kubeletSocket {
				continue
			}
			found, err := os.Stat(event.Name)
			if err != nil || told == nil || !os.SameFile(told, found) || !told.ModTime().Equal(found.ModTime()) {
				return true
			}
		case err := <-watcher.Errors:
			p.log.Info("Watching for the kubelet failed; announcing the devices again", "reason", err.Error())
			return true
		}
	}
}

// announce serves every plugin anew and registers it.
func (p *Plugins) announce(ctx context.Context) error {
	conn, err := grpc.NewClient("unix://"+filepath.Join(p.directory, kubeletSocket),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableServiceConfig())
	if err != nil {
		return fmt.Errorf("preparing the connection to the kubelet: %w", err)
	}
	defer conn.Close()
	kubelet := api.NewRegistrationClient(conn)
	for _, plugin := range p.plugins {
		if err := plugin.serve(p.directory); err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, registerTimeout)
		_, err := kubelet.Register(call, &api.RegisterRequest{
			Version: api.Version, Endpoint: plugin.socket(), ResourceName: plugin.device.Resource(),
			Options: &api.DevicePluginOptions{},
		}, grpc.WaitForReady(true))
		cancel()
		if err != nil {
			return fmt.Errorf("registering %s: %w", plugin.device.Resource(), err)
		}
	}
	return nil
}

func (p *Plugins) stop() {
	for _, plugin := range p.plugins {
		plugin.stop()
	}
}

// plugin serves one device.
type plugin struct {
	api.UnimplementedDevicePluginServer

	device Device
	listed func()
	shares *shares
	server *grpc.Server
}

func (p *plugin) socket() string { return "kubevirt-" + p.device.Name + ".sock" }

// serve begins to serve, in place of whatever served before.
func (p *plugin) serve(directory string) error {
	p.stop()
	path := filepath.Join(directory, p.socket())
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the socket of an earlier device plugin: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listening for the kubelet: %w", err)
	}
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, p)
	p.server = server
	go func() { _ = server.Serve(listener) }() // ends with stop
	return nil
}

func (p *plugin) stop() {
	if p.server != nil {
		p.server.Stop()
		p.server = nil
	}
}

func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

// ListAndWatch sends the list, and again whenever another number may share the device.
func (p *plugin) ListAndWatch(_ *api.Empty, stream grpc.ServerStreamingServer[api.ListAndWatchResponse]) error {
	for {
		number, changed := p.shares.get()
		list := &api.ListAndWatchResponse{Devices: make([]*api.Device, number)}
		for i := range list.Devices {
			list.Devices[i] = &api.Device{ID: fmt.Sprintf("%s%d", p.device.Name, i), Health: api.Healthy}
		}
		if err := stream.Send(list); err != nil {
			return err
		}
		p.listed()
		select {
		case <-stream.Context().Done():
			return nil
		case <-changed:
		}
	}
}

func (p *plugin) Allocate(_ context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	response := &api.AllocateResponse{}
	for range request.GetContainerRequests() {
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerAllocateResponse{
			Devices: []*api.DeviceSpec{{HostPath: p.device.Path, ContainerPath: p.device.Path, Permissions: "rw"}},
		})
	}
	return response, nil
}
