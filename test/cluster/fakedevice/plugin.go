// Package fakedevice is a device plugin for a device that does not exist, so
// that tests can ask for extended resources and find out what they got.
package fakedevice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// Resource is the name of the device's resource.
const Resource = "example.com/fake"

// Variable is set in a container to the IDs of its devices, separated by
// commas. Each is also there as /dev/ID and behaves as /dev/null does.
const Variable = "EXAMPLE_COM_FAKE"

// devices is how many a node has.
const devices = 8

type plugin struct {
	v1beta1.UnimplementedDevicePluginServer
	// end closes the lists that kubelets follow.
	end <-chan struct{}
}

// Run serves the plugin and registers it with the kubelet, again whenever the
// kubelet was restarted, until ctx is done.
func Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := serveOnce(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "fake device plugin:", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil
}

// serveOnce serves until the kubelet, starting anew, removes the socket.
func serveOnce(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := os.Stat(v1beta1.KubeletSocket); err != nil {
		return fmt.Errorf("waiting for the kubelet: %w", err)
	}
	socket := filepath.Join(v1beta1.DevicePluginPath, "fake.sock")
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the old socket: %w", err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := grpc.NewServer()
	v1beta1.RegisterDevicePluginServer(server, &plugin{end: ctx.Done()})
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	if err := register(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
			if _, err := os.Stat(socket); err != nil {
				return nil
			}
		}
	}
}

func register(ctx context.Context) error {
	conn, err := grpc.NewClient("unix://"+v1beta1.KubeletSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to the kubelet: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = v1beta1.NewRegistrationClient(conn).Register(ctx, &v1beta1.RegisterRequest{
		Version:      v1beta1.Version,
		Endpoint:     "fake.sock",
		ResourceName: Resource,
		Options:      &v1beta1.DevicePluginOptions{},
	})
	if err != nil {
		return fmt.Errorf("registering with the kubelet: %w", err)
	}
	return nil
}

// GetDevicePluginOptions says that no optional call is served.
func (p *plugin) GetDevicePluginOptions(context.Context, *v1beta1.Empty) (*v1beta1.DevicePluginOptions, error) {
	return &v1beta1.DevicePluginOptions{}, nil
}

// ListAndWatch lists the devices once; they never change.
func (p *plugin) ListAndWatch(_ *v1beta1.Empty, stream grpc.ServerStreamingServer[v1beta1.ListAndWatchResponse]) error {
	all := make([]*v1beta1.Device, 0, devices)
	for i := range devices {
		all = append(all, &v1beta1.Device{ID: fmt.Sprintf("fake%d", i), Health: v1beta1.Healthy})
	}
	if err := stream.Send(&v1beta1.ListAndWatchResponse{Devices: all}); err != nil {
		return fmt.Errorf("listing the devices: %w", err)
	}
	select {
	case <-stream.Context().Done():
	case <-p.end:
	}
	return nil
}

// Allocate tells each container which devices it has.
func (p *plugin) Allocate(_ context.Context, r *v1beta1.AllocateRequest) (*v1beta1.AllocateResponse, error) {
	answer := &v1beta1.AllocateResponse{}
	for _, c := range r.ContainerRequests {
		given := &v1beta1.ContainerAllocateResponse{Envs: map[string]string{Variable: strings.Join(c.DevicesIds, ",")}}
		for _, id := range c.DevicesIds {
			given.Devices = append(given.Devices, &v1beta1.DeviceSpec{HostPath: "/dev/null", ContainerPath: "/dev/" + id, Permissions: "rw"})
		}
		answer.ContainerResponses = append(answer.ContainerResponses, given)
	}
	return answer, nil
}
