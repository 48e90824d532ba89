package vm

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/dhcp"
	"kubevirt.io/kubevirt/launcher/router"
)

func TestExtraOptions(t *testing.T) {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "default"}, {Name: "red", DHCPOptions: &v1.DHCPOptions{
		BootFileName: "file", TFTPServerName: "server", NTPServers: []string{"10.0.0.1", "nonsense", "10.0.0.2"},
		PrivateOptions: []v1.DHCPPrivateOptions{{Option: 240, Value: "text"}},
	}}}
	want := dhcp.Extra{
		BootFileName: "file", TFTPServerName: "server",
		NTPServers: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")},
		Private:    []dhcp.Private{{Code: 240, Value: "text"}},
	}
	if got := extraOptions(vmi, "red"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := extraOptions(vmi, "default"); !reflect.DeepEqual(got, dhcp.Extra{}) {
		t.Errorf("without options: %+v", got)
	}
}

func TestNetworkConfigurations(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 10.96.0.10\nnameserver fd00::10\nsearch ns.svc.cluster.local\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	local := &Local{ResolvConf: conf, Log: slog.New(slog.DiscardHandler)}
	vmi := &v1.VirtualMachineInstance{}
	vmi.Name, vmi.Namespace, vmi.Spec.Subdomain = "vm", "ns", "sub"
	nic := Interface{
		Network: "default", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, MTU: 1450,
		DHCP: &DHCP{
			Device: "dhcp0", Address: netip.MustParsePrefix("10.244.1.7/24"), Address6: netip.MustParsePrefix("fd00::7/64"),
			Server: netip.MustParseAddr("169.254.75.10"), Routes: []Route{{Destination: netip.MustParsePrefix("0.0.0.0/0")}},
		},
		Advertisement: &Advertisement{
			Tap: "ra0", Source: netip.MustParseAddr("fe80::1"), MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0}, Default: true,
			Prefix: netip.MustParsePrefix("fd00::/64"),
		},
	}
	leases := local.lease(vmi, nic)
	if leases.Device != "dhcp0" || leases.Address != nic.DHCP.Address || leases.Address6 != nic.DHCP.Address6 || leases.Server != nic.DHCP.Server ||
		len(leases.Routes) != 1 || leases.MTU != 1450 || leases.Hostname != "vm" || leases.Resolver.Search[0] != "sub.ns.svc.cluster.local" {
		t.Errorf("lease %+v", leases)
	}
	want := router.Config{
		Tap: "ra0", Source: nic.Advertisement.Source, MAC: nic.Advertisement.MAC, Default: true, Prefix: nic.Advertisement.Prefix,
		MTU: 1450, Nameservers: []netip.Addr{netip.MustParseAddr("fd00::10")},
	}
	if got := local.advertisement(vmi, nic); !reflect.DeepEqual(got, want) {
		t.Errorf("advertisement %+v, want %+v", got, want)
	}
}

// silent is a server that does nothing until it fails or is closed.
type silent struct{ failed, closed chan struct{} }

func newSilent() silent { return silent{failed: make(chan struct{}), closed: make(chan struct{})} }

func (s silent) Serve() error {
	select {
	case <-s.failed:
		return os.ErrDeadlineExceeded
	case <-s.closed:
		return nil
	}
}

func (s silent) Close() error { close(s.closed); return nil }

func TestServersStartOnceForOneConfiguration(t *testing.T) {
	var l leases
	log := slog.New(slog.DiscardHandler)
	var started []silent
	listen := func(context.Context) ([]server, error) {
		one := newSilent()
		started = append(started, one)
		return []server{one}, nil
	}
	for _, config := range []string{"a", "a", "b"} {
		if err := l.serve(t.Context(), "tap", config, log, listen); err != nil {
			t.Fatal(err)
		}
	}
	if len(started) != 2 {
		t.Fatalf("%d servers were started", len(started))
	}
	select {
	case <-started[0].closed:
	default:
		t.Error("the server of the former configuration runs on")
	}
	if err := l.serve(t.Context(), "other", "b", log, func(context.Context) ([]server, error) { return nil, os.ErrPermission }); err == nil {
		t.Error("a server that does not start is no error")
	}
	if len(l.running) != 1 {
		t.Errorf("running: %v", l.running)
	}
}

// A guest whose server stops has it back, as soon as it can be started again.
func TestServersThatStopStartAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l leases
		var started []silent
		attempts := 0
		request, answered := context.WithCancel(t.Context())
		err := l.serve(request, "tap", "a", slog.New(slog.DiscardHandler), func(ctx context.Context) ([]server, error) {
			if attempts++; attempts == 2 || attempts == 3 {
				return nil, os.ErrPermission
			}
			four, six := newSilent(), newSilent()
			started = append(started, four, six)
			return []server{four, six}, ctx.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		answered()
		close(started[0].failed)
		synctest.Wait()
		select {
		case <-started[1].closed:
		default:
			t.Error("half of the servers run on")
		}
		for _, want := range []int{1, 2, 2, 3, 3, 3, 3, 4} { // after 1 second, 2 and 4 more
			if attempts != want {
				t.Fatalf("%d attempts, want %d", attempts, want)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if len(started) != 4 {
			t.Fatalf("%d servers were started", len(started))
		}
		l.running["tap"].stop()
		<-l.running["tap"].ended
		<-started[3].closed
	})
}
