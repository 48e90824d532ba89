package device

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// kubelet registers plugins and asks each for its devices, as the real one does.
type kubelet struct {
	api.UnimplementedRegistrationServer
	directory  string
	registered chan *api.RegisterRequest
	server     *grpc.Server
}

func startKubelet(t *testing.T, directory string) *kubelet {
	t.Helper()
	// The real one removes what it finds before it makes its socket.
	stale, _ := filepath.Glob(filepath.Join(directory, "*"))
	for _, path := range stale {
		_ = os.Remove(path)
	}
	listener, err := net.Listen("unix", filepath.Join(directory, "kubelet.sock"))
	if err != nil {
		t.Fatal(err)
	}
	k := &kubelet{directory: directory, registered: make(chan *api.RegisterRequest, 10), server: grpc.NewServer()}
	api.RegisterRegistrationServer(k.server, k)
	go func() { _ = k.server.Serve(listener) }()
	t.Cleanup(k.server.Stop)
	return k
}

func (k *kubelet) Register(_ context.Context, request *api.RegisterRequest) (*api.Empty, error) {
	k.registered <- request
	return &api.Empty{}, nil
}

func (k *kubelet) expect(t *testing.T, resource string) api.DevicePluginClient {
	t.Helper()
	select {
	case request := <-k.registered:
		if request.ResourceName != resource || request.Version != api.Version {
			t.Fatalf("registered %v", request)
		}
		conn, err := grpc.NewClient("unix://"+filepath.Join(k.directory, request.Endpoint),
			grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return api.NewDevicePluginClient(conn)
	case <-time.After(10 * time.Second):
		t.Fatalf("%s was not registered", resource)
		return nil
	}
}

func list(t *testing.T, plugin api.DevicePluginClient) []*api.Device {
	t.Helper()
	stream, err := plugin.ListAndWatch(t.Context(), &api.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return response.Devices
}

func TestPluginsServeTheKubelet(t *testing.T) {
	directory := t.TempDir()
	plugins := New(directory, []Device{TUN, KVM}, testr.New(t))
	finished := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { finished <- plugins.Run(ctx) }()

	k := startKubelet(t, directory) // it comes later than the plugins
	tun := k.expect(t, "devices.kubevirt.io/tun")
	kvm := k.expect(t, "devices.kubevirt.io/kvm")
	select {
	case <-plugins.Listed():
		t.Error("counts as listed before the kubelet has asked")
	default:
	}
	devices := list(t, tun)
	if len(devices) != 1000 || devices[0].ID == devices[999].ID || devices[0].Health != api.Healthy {
		t.Errorf("%d devices, %v", len(devices), devices[0])
	}
	list(t, kvm)
	select {
	case <-plugins.Listed():
	case <-time.After(5 * time.Second):
		t.Error("not listed although the kubelet has asked for both")
	}

	response, err := tun.Allocate(t.Context(), &api.AllocateRequest{ContainerRequests: []*api.ContainerAllocateRequest{{DevicesIds: []string{"tun1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	spec := response.ContainerResponses[0].Devices[0]
	if spec.HostPath != "/dev/net/tun" || spec.ContainerPath != "/dev/net/tun" || spec.Permissions != "rw" {
		t.Errorf("allocated %v", spec)
	}

	k.server.Stop()
	k = startKubelet(t, directory)
	if devices := list(t, k.expect(t, "devices.kubevirt.io/tun")); len(devices) != 1000 {
		t.Errorf("%d devices after the kubelet's restart", len(devices))
	}
	k.expect(t, "devices.kubevirt.io/kvm")

	stop()
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

// The kubelet is told at once when another number of guests may share a device.
func TestShares(t *testing.T) {
	directory := t.TempDir()
	plugins := New(directory, []Device{KVM}, testr.New(t))
	two, less := 2, -1
	plugins.Share(&two)
	ctx, stop := context.WithCancel(t.Context())
	finished := make(chan error)
	go func() { finished <- plugins.Run(ctx) }()
	stream, err := startKubelet(t, directory).expect(t, "devices.kubevirt.io/kvm").ListAndWatch(t.Context(), &api.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		share *int
		want  int
	}{{&two, 2}, {nil, 1000}, {&less, 0}} {
		plugins.Share(step.share)
		response, err := stream.Recv()
		if err != nil || len(response.GetDevices()) != step.want {
			t.Errorf("%d devices (%v), want %d", len(response.GetDevices()), err, step.want)
		}
	}
	stop()
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

func TestOfferedDevices(t *testing.T) {
	root := t.TempDir()
	for _, directory := range []string{"/dev/net", "/dev/vhost-net"} {
		if err := os.MkdirAll(root+directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	makeNode(t, root+"/dev/net/tun", 0o600)
	makeNode(t, root+"/dev/kvm", 0o600)
	if offered := Offered(root, true); len(offered) != 2 || offered[0] != TUN || offered[1] != KVM {
		t.Errorf("offered %v", offered)
	}
	if offered := Offered(root, false); len(offered) != 1 || offered[0] != TUN {
		t.Errorf("without KVM %v", offered)
	}
}

func TestGrant(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(root+"/dev/net", 0o755); err != nil {
		t.Fatal(err)
	}
	makeNode(t, root+"/dev/net/tun", 0o600)
	makeNode(t, root+"/dev/vhost-net", 0o666)
	directory, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	if err := Grant(directory, 107); err != nil {
		t.Fatal(err)
	}
	for path, owner := range map[string]uint32{"/dev/net/tun": 107, "/dev/vhost-net": 0} {
		var found unix.Stat_t
		if err := unix.Stat(root+path, &found); err != nil || found.Uid != owner {
			t.Errorf("%s belongs to %d (%v), want %d", path, found.Uid, err, owner)
		}
	}

	if err := os.Symlink("/dev/net/tun", root+"/dev/kvm"); err != nil {
		t.Fatal(err)
	}
	if err := Grant(directory, 107); err == nil {
		t.Error("followed a symbolic link")
	}
}

// makeNode makes a device node that does nothing.
func makeNode(t *testing.T, path string, mode uint32) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("device nodes need root")
	}
	if err := unix.Mknod(path, unix.S_IFCHR|mode, int(unix.Mkdev(1, 3))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, os.FileMode(mode)); err != nil {
		t.Fatal(err)
	}
}
