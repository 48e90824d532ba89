package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/launcher/hypervisor"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

// fakeMachine remembers what it was asked.
type fakeMachine struct {
	mu       sync.Mutex
	err      error
	wanted   vm.Wanted
	calls    []string
	snapshot vm.Snapshot
	changed  chan struct{}
}

func (f *fakeMachine) call(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	return f.err
}

func (f *fakeMachine) Sync(_ context.Context, wanted vm.Wanted) error {
	f.wanted = wanted
	return f.call("sync")
}
func (f *fakeMachine) Shutdown() error { return f.call("shutdown") }
func (f *fakeMachine) Kill() error     { return f.call("kill") }
func (f *fakeMachine) Release()        { _ = f.call("release") }

func (f *fakeMachine) Pause(context.Context) error  { return f.call("pause") }
func (f *fakeMachine) Resume(context.Context) error { return f.call("resume") }
func (f *fakeMachine) Reset(context.Context) error  { return f.call("reset") }
func (f *fakeMachine) Reboot(context.Context) error { return f.call("reboot") }
func (f *fakeMachine) Thaw(context.Context) error   { return f.call("thaw") }

func (f *fakeMachine) DumpMemory(context.Context) error { return f.call("dump memory") }

func (f *fakeMachine) Freeze(_ context.Context, limit time.Duration) error {
	return f.call("freeze " + limit.String())
}

func (f *fakeMachine) Snapshot() vm.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

func (f *fakeMachine) Watch() (<-chan struct{}, func()) { return f.changed, func() {} }

func (f *fakeMachine) become(snapshot vm.Snapshot) {
	f.mu.Lock()
	f.snapshot = snapshot
	f.mu.Unlock()
	f.changed <- struct{}{}
}

// serve starts a server on a socket and returns a client with a session.
func serve(t *testing.T) (*fakeMachine, protocol.LauncherClient, uint64) {
	t.Helper()
	machine := &fakeMachine{changed: make(chan struct{}, 1)}
	socket := filepath.Join(t.TempDir(), "launcher.sock")
	for range 2 { // the second time over a left-over socket
		listener, err := Listen(socket)
		if err != nil {
			t.Fatal(err)
		}
		listener.(*net.UnixListener).SetUnlinkOnClose(false)
		defer listener.Close()
	}
	listener, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := New(Identity{Namespace: "ns", Name: "vm", UID: "1", Version: "v1"}, machine, slog.New(slog.DiscardHandler))
	go func() { ended <- server.Serve(ctx, listener) }()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	client := protocol.NewLauncherClient(conn)
	info, err := client.Info(t.Context(), &protocol.InfoRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := &protocol.InfoResponse{ProtocolVersion: ProtocolVersion, Session: 1, LauncherVersion: "v1", Namespace: "ns", Name: "vm", Uid: "1"}
	if !proto.Equal(info, want) {
		t.Errorf("info %v, want %v", info, want)
	}
	return machine, client, info.GetSession()
}

func vmiJSON(t *testing.T, name string) []byte {
	t.Helper()
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name, vmi.UID = "ns", name, "1"
	raw, err := json.Marshal(vmi)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSyncConverts(t *testing.T) {
	machine, client, session := serve(t)
	_, err := client.Sync(t.Context(), &protocol.SyncRequest{
		Session: session, Vmi: vmiJSON(t, "vm"),
		Host: &protocol.Host{
			Emulation: true, TranslationCacheMib: 32, BalloonStatsPeriodSeconds: 10, FreePageReporting: true,
			Smbios:                &protocol.SMBIOS{Manufacturer: "m", Product: "p", Version: "v", Sku: "s", Family: "f"},
			ClaimTolerancePercent: 5, ClaimReserveBytes: 4096, FirmwareDirectory: "/firmware",
		},
		Volumes: []*protocol.Volume{{Name: "root", Path: "/images/root"}},
		Interfaces: []*protocol.Interface{{
			Network: "default", Tap: "tap0", Mac: "02:00:00:00:00:01", Mtu: 1450,
			Dhcp: &protocol.DHCP{
				Device: "k6t-eth0", Address: "10.0.2.2/24", Gateway: "10.0.2.1/24",
				Address6: "fd10:0:2::2/120",
			},
		}, {Network: "other", Tap: "tap1", Mac: "02:00:00:00:00:02"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := machine.wanted
	if got.VMI == nil || got.VMI.Name != "vm" {
		t.Errorf("VMI %+v", got.VMI)
	}
	got.VMI = nil
	want := vm.Wanted{
		Host: vm.Host{
			Emulation: true, TranslationCacheMiB: 32, BalloonStatsPeriodSeconds: 10, FreePageReporting: true,
			SMBIOS: vm.SMBIOS{Manufacturer: "m", Product: "p", Version: "v", SKU: "s", Family: "f"},
			Room:   disk.Room{TolerancePercent: 5, Reserve: 4096}, FirmwareDirectory: "/firmware",
		},
		Volumes: map[string]string{"root": "/images/root"},
		Interfaces: []vm.Interface{{
			Network: "default", Tap: "tap0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, MTU: 1450,
			DHCP: &vm.DHCP{
				Device: "k6t-eth0", Address: netip.MustParsePrefix("10.0.2.2/24"), Gateway: netip.MustParseAddr("10.0.2.1"),
				Address6: netip.MustParsePrefix("fd10:0:2::2/120"),
			},
		}, {Network: "other", Tap: "tap1", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSyncRefuses(t *testing.T) {
	machine, client, session := serve(t)
	nic := func(change func(*protocol.Interface)) []*protocol.Interface {
		good := &protocol.Interface{Network: "n", Tap: "t", Mac: "02:00:00:00:00:01",
			Dhcp: &protocol.DHCP{Device: "d", Address: "10.0.2.2/24", Gateway: "10.0.2.1"}}
		change(good)
		return []*protocol.Interface{good}
	}
	for name, request := range map[string]*protocol.SyncRequest{
		"no VMI":       {},
		"another VMI":  {Vmi: vmiJSON(t, "other")},
		"no MAC":       {Vmi: vmiJSON(t, "vm"), Interfaces: nic(func(n *protocol.Interface) { n.Mac = "" })},
		"huge MTU":     {Vmi: vmiJSON(t, "vm"), Interfaces: nic(func(n *protocol.Interface) { n.Mtu = 70000 })},
		"no address":   {Vmi: vmiJSON(t, "vm"), Interfaces: nic(func(n *protocol.Interface) { n.Dhcp.Address = "" })},
		"no gateway":   {Vmi: vmiJSON(t, "vm"), Interfaces: nic(func(n *protocol.Interface) { n.Dhcp.Gateway = "" })},
		"IPv6 as IPv4": {Vmi: vmiJSON(t, "vm"), Interfaces: nic(func(n *protocol.Interface) { n.Dhcp.Address = "fd00::2/64" })},
		"bad IPv6":     {Vmi: vmiJSON(t, "vm"), Interfaces: nic(func(n *protocol.Interface) { n.Dhcp.Address6 = "x" })},
	} {
		request.Session = session
		if _, err := client.Sync(t.Context(), request); protocol.ReasonOf(err) != protocol.ReasonInvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(machine.calls) != 0 {
		t.Errorf("the machine was asked: %v", machine.calls)
	}
}

func TestSignals(t *testing.T) {
	machine, client, session := serve(t)
	actions := []protocol.Action{
		protocol.Action_ACTION_SHUTDOWN, protocol.Action_ACTION_KILL, protocol.Action_ACTION_RELEASE,
		protocol.Action_ACTION_PAUSE, protocol.Action_ACTION_RESUME, protocol.Action_ACTION_RESET, protocol.Action_ACTION_REBOOT,
		protocol.Action_ACTION_FREEZE, protocol.Action_ACTION_UNFREEZE, protocol.Action_ACTION_DUMP_MEMORY,
		protocol.Action_ACTION_LOG_VERBOSITY, // is the server's own
	}
	if len(actions) != len(protocol.Action_name)-1 {
		t.Errorf("%d of %d actions are tried", len(actions), len(protocol.Action_name)-1)
	}
	for _, action := range actions {
		if _, err := client.Signal(t.Context(), &protocol.SignalRequest{Session: session, Action: action, ThawAfterSeconds: 90}); err != nil {
			t.Errorf("%v: %v", action, err)
		}
	}
	want := []string{"shutdown", "kill", "release", "pause", "resume", "reset", "reboot", "freeze 1m30s", "thaw", "dump memory"}
	if !reflect.DeepEqual(machine.calls, want) {
		t.Errorf("calls %v, want %v", machine.calls, want)
	}
	for _, action := range []protocol.Action{protocol.Action_ACTION_UNSPECIFIED, 99, protocol.Action_ACTION_FREEZE} {
		if _, err := client.Signal(t.Context(), &protocol.SignalRequest{Session: session, Action: action}); protocol.ReasonOf(err) != protocol.ReasonInvalidRequest {
			t.Errorf("%v without anything: %v", action, err)
		}
	}
}

func TestSignalErrors(t *testing.T) {
	machine, client, session := serve(t)
	for _, tc := range []struct {
		err    error
		code   codes.Code
		reason protocol.Reason
	}{
		{vm.ErrNotRunning, codes.FailedPrecondition, protocol.ReasonNotRunning},
		{vm.ErrPaused, codes.FailedPrecondition, protocol.ReasonPaused},
		{vm.ErrNoAgent, codes.FailedPrecondition, protocol.ReasonNoAgent},
		{vm.ErrStopping, codes.FailedPrecondition, protocol.ReasonTerminating},
		{hypervisor.ErrUnavailable, codes.Unavailable, protocol.ReasonHypervisorUnavailable},
		{errors.New("the agent said no"), codes.Internal, protocol.ReasonActionFailed},
	} {
		machine.err = tc.err
		_, err := client.Signal(t.Context(), &protocol.SignalRequest{Session: session, Action: protocol.Action_ACTION_PAUSE})
		if status.Code(err) != tc.code || protocol.ReasonOf(err) != tc.reason || status.Convert(err).Message() != tc.err.Error() {
			t.Errorf("%v: %v %v", tc.err, err, protocol.ReasonOf(err))
		}
	}
}

func TestErrors(t *testing.T) {
	machine, client, session := serve(t)
	for _, tc := range []struct {
		err    error
		code   codes.Code
		reason protocol.Reason
	}{
		{vm.ErrTerminating, codes.FailedPrecondition, protocol.ReasonTerminating},
		{vm.ErrNotRunning, codes.FailedPrecondition, protocol.ReasonNotRunning},
		{hypervisor.ErrUnavailable, codes.Unavailable, protocol.ReasonHypervisorUnavailable},
		{disk.ErrInvalid, codes.FailedPrecondition, protocol.ReasonInvalidVolume},
		{vm.ErrNetwork, codes.Internal, protocol.ReasonNetwork},
		{vm.ErrDomain, codes.InvalidArgument, protocol.ReasonInvalidDomain},
		{hook.ErrSidecar, codes.Internal, protocol.ReasonSidecar},
		{hook.ErrUnusable, codes.InvalidArgument, protocol.ReasonInvalidDomain},
		{errors.New("QEMU said no"), codes.Internal, protocol.ReasonStartFailed},
	} {
		machine.err = fmt.Errorf("doing something: %w", tc.err)
		_, err := client.Sync(t.Context(), &protocol.SyncRequest{Session: session, Vmi: vmiJSON(t, "vm")})
		if status.Code(err) != tc.code || protocol.ReasonOf(err) != tc.reason || status.Convert(err).Message() != machine.err.Error() {
			t.Errorf("%v: %v %v", tc.err, err, protocol.ReasonOf(err))
		}
	}
}

func TestWatchAndSessions(t *testing.T) {
	machine, client, session := serve(t)
	watch, err := client.Watch(t.Context(), &protocol.WatchRequest{Session: session})
	if err != nil {
		t.Fatal(err)
	}
	receive := func(want *protocol.DomainState) {
		t.Helper()
		if got, err := watch.Recv(); err != nil || !proto.Equal(got, want) {
			t.Fatalf("got %v %v, want %v", got, err, want)
		}
	}
	receive(&protocol.DomainState{})
	machine.become(vm.Snapshot{
		Status: hypervisor.Status{State: hypervisor.StatePaused, Reason: hypervisor.ReasonIOError}, Machine: "pc-q35-10.0",
		StartError: "e", Frozen: true, LostFilesystems: []string{"data"},
		Agent: &hypervisor.GuestInfo{
			AgentVersion: "1", Hostname: "2", OSID: "3", OSName: "4", OSPrettyName: "5", OSVersion: "6", OSVersionID: "7",
			KernelRelease: "8", KernelVersion: "9", OSMachine: "10", Timezone: "11",
			Interfaces: []hypervisor.GuestInterface{{Name: "eth0", MAC: "m", IPs: []string{"10.0.2.2"}}},
		},
	})
	receive(&protocol.DomainState{
		State: protocol.State_STATE_PAUSED, Reason: "IOError", Machine: "pc-q35-10.0", Error: "e", Frozen: true, LostFilesystems: []string{"data"},
		Agent: &protocol.Agent{
			Version: "1", Hostname: "2", OsId: "3", OsName: "4", OsPrettyName: "5", OsVersion: "6", OsVersionId: "7",
			KernelRelease: "8", KernelVersion: "9", OsMachine: "10", Timezone: "11",
			Interfaces: []*protocol.GuestInterface{{Name: "eth0", Mac: "m", Ips: []string{"10.0.2.2"}}},
		},
	})
	second, err := client.Info(t.Context(), &protocol.InfoRequest{})
	if err != nil || second.GetSession() != session+1 {
		t.Fatalf("second session: %v %v", second, err)
	}
	if _, err := watch.Recv(); protocol.ReasonOf(err) != protocol.ReasonStaleSession {
		t.Errorf("the old session's watch: %v", err)
	}
	for _, stale := range []uint64{0, session, session + 2} {
		_, syncErr := client.Sync(t.Context(), &protocol.SyncRequest{Session: stale, Vmi: vmiJSON(t, "vm")})
		_, signalErr := client.Signal(t.Context(), &protocol.SignalRequest{Session: stale, Action: protocol.Action_ACTION_KILL})
		for _, err := range []error{syncErr, signalErr} {
			if status.Code(err) != codes.FailedPrecondition || protocol.ReasonOf(err) != protocol.ReasonStaleSession {
				t.Errorf("session %d: %v", stale, err)
			}
		}
	}
	if len(machine.calls) != 0 {
		t.Errorf("stale sessions reached the machine: %v", machine.calls)
	}
}

// Every state of the hypervisor has its word on the wire.
func TestStates(t *testing.T) {
	seen := map[protocol.State]bool{}
	for state := hypervisor.StateNone; state <= hypervisor.StateSuspended; state++ {
		word, known := states[state]
		if !known || seen[word] {
			t.Errorf("%v has the word %v", state, word)
		}
		seen[word] = true
	}
}

// More calls than are received at once wait at the client.
func TestManyCalls(t *testing.T) {
	_, client, session := serve(t)
	watch := func(ctx context.Context) error {
		stream, err := client.Watch(ctx, &protocol.WatchRequest{Session: session})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	}
	for range maxStreams {
		if err := watch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := watch(ctx); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("one more: %v", err)
	}
}
