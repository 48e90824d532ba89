package apiserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// connected gives a guest one interface, and status entries.
func connected(entries ...v1.VirtualMachineInstanceNetworkInterface) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "default"}, {Name: "second"}}
		vmi.Status.Interfaces = entries
	}
}

func entry(name, ip, source string) v1.VirtualMachineInstanceNetworkInterface {
	return v1.VirtualMachineInstanceNetworkInterface{Name: name, IP: ip, InfoSource: source}
}

var onNetwork = connected(entry("default", "10.0.0.7", "domain"))

// Only what the node vouches for is ever dialled.
func TestForwardAddress(t *testing.T) {
	for name, c := range map[string]struct {
		vmi   *v1.VirtualMachineInstance
		want  string
		code  int32
		fails string
	}{
		"by the node":                {guest(onNetwork), "10.0.0.7", 0, ""},
		"by node and agent":          {guest(connected(entry("default", "10.0.0.7", "domain, guest-agent"))), "10.0.0.7", 0, ""},
		"IPv6":                       {guest(connected(entry("default", "fd00::7", "domain"))), "fd00::7", 0, ""},
		"IPv4 in IPv6":               {guest(connected(entry("default", "::ffff:10.0.0.7", "domain"))), "10.0.0.7", 0, ""},
		"behind the agent's":         {guest(connected(entry("", "10.96.0.1", "guest-agent"), entry("default", "10.0.0.7", "domain"))), "10.0.0.7", 0, ""},
		"by the agent":               {guest(connected(entry("", "10.96.0.1", "guest-agent"))), "", 400, "no address that the node vouches for"},
		"by the agent, named":        {guest(connected(entry("default", "10.96.0.1", "guest-agent"))), "", 400, "vouches"},
		"by somebody like the node":  {guest(connected(entry("default", "10.96.0.1", "subdomain"))), "", 400, "vouches"},
		"by nobody":                  {guest(connected(entry("default", "10.96.0.1", ""))), "", 400, "vouches"},
		"of another interface":       {guest(connected(entry("second", "10.0.0.8", "domain"))), "", 400, `"default"`},
		"none yet":                   {guest(connected(entry("default", "", "domain"))), "", 400, "vouches"},
		"loopback":                   {guest(connected(entry("default", "127.0.0.1", "domain"))), "", 400, "vouches"},
		"loopback in IPv6":           {guest(connected(entry("default", "::ffff:127.0.0.1", "domain"))), "", 400, "vouches"},
		"IPv6 loopback":              {guest(connected(entry("default", "::1", "domain"))), "", 400, "vouches"},
		"link-local":                 {guest(connected(entry("default", "169.254.169.254", "domain"))), "", 400, "vouches"},
		"IPv6 link-local":            {guest(connected(entry("default", "fe80::1", "domain"))), "", 400, "vouches"},
		"with a zone":                {guest(connected(entry("default", "fd00::7%eth0", "domain"))), "", 400, "vouches"},
		"unspecified":                {guest(connected(entry("default", "0.0.0.0", "domain"))), "", 400, "vouches"},
		"IPv6 unspecified":           {guest(connected(entry("default", "::", "domain"))), "", 400, "vouches"},
		"multicast":                  {guest(connected(entry("default", "224.0.0.1", "domain"))), "", 400, "vouches"},
		"IPv6 multicast":             {guest(connected(entry("default", "ff02::1", "domain"))), "", 400, "vouches"},
		"broadcast":                  {guest(connected(entry("default", "255.255.255.255", "domain"))), "", 400, "vouches"},
		"a name":                     {guest(connected(entry("default", "kubernetes.default", "domain"))), "", 400, "vouches"},
		"no interface":               {guest(), "", 400, "spec.domain.devices.interfaces"},
		"paused":                     {guest(onNetwork, paused), "", 409, "paused"},
		"ended, the address is free": {guest(onNetwork, in(v1.VMIPhaseSucceeded)), "", 400, "is not running"},
	} {
		got, err := forwardAddress(c.vmi)
		if c.code == 0 && (err != nil || got.String() != c.want) {
			t.Errorf("%s: %v, %v; want %s", name, got, err, c.want)
		}
		if c.code != 0 {
			t.Run(name, func(t *testing.T) { wantFailure(t, err, c.code, c.fails) })
		}
	}
}

func TestForwarded(t *testing.T) {
	for _, c := range []struct{ port, protocol, want string }{
		{"22", "", "tcp 22"}, {"22", "tcp", "tcp 22"}, {"53", "udp", "udp 53"}, {"65535", "", "tcp 65535"},
		{"0", "", "port"}, {"65536", "", "port"}, {"-1", "", "port"}, {"ssh", "", "port"}, {"", "", "port"},
		{"22", "sctp", "protocol"}, {"22", "TCP", "protocol"}, {"22", "unix", "protocol"},
	} {
		network, port, err := forwarded(target{port: c.port, protocol: c.protocol})
		if err == nil && fmt.Sprint(network, " ", port) != c.want {
			t.Errorf("%s/%s: %s %d, want %s", c.port, c.protocol, network, port, c.want)
		}
		if err != nil && (!apierrors.IsBadRequest(err) || !strings.HasPrefix(err.Error(), c.want+":")) {
			t.Errorf("%s/%s: %v, want %s", c.port, c.protocol, err, c.want)
		}
	}
}

// guestService stands for a guest's port: whatever is dialled leads there.
func guestService(t *testing.T, s *server, address string) (dialled *string) {
	t.Helper()
	dialled = new(string)
	s.dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		*dialled = network + " " + to
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return dialled
}

// tcpEcho sends back what it gets, one client at a time, and says when one has gone.
func tcpEcho(t *testing.T) (address string, gone chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	gone = make(chan struct{}, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
			gone <- struct{}{}
		}
	}()
	return listener.Addr().String(), gone
}

// withMachine is a cluster that has a machine, too.
type withMachine struct {
	cluster
	vm *v1.VirtualMachine
}

func (c withMachine) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	if vm, ok := object.(*v1.VirtualMachine); ok && c.vm != nil && key.Name == c.vm.Name {
		c.vm.DeepCopyInto(vm)
		return nil
	}
	return c.cluster.Get(ctx, key, object, options...)
}

func created(vm *v1.VirtualMachine) { vm.UID, vm.Status.Created = "machine", true }

// owned makes an instance that of the machine.
func owned(vmi *v1.VirtualMachineInstance) {
	vmi.OwnerReferences = []metav1.OwnerReference{{UID: "machine", Controller: ptr(true)}}
}

func TestForwardTCP(t *testing.T) {
	address, gone := tcpEcho(t)
	always := v1.RunStrategyAlways
	for name, resource := range map[string]string{"an instance's": instances, "a machine's": machines} {
		s := &server{client: withMachine{cluster{vmi: guest(onNetwork, owned)}, machine(nil, always, created)}}
		dialled := guestService(t, s, address)
		conn, code, says := handshake(t, s.serveRoute(t, resource, "portforward", target{port: "22"}))
		if code != http.StatusSwitchingProtocols || *dialled != "tcp 10.0.0.7:22" {
			t.Fatalf("%s: %d %s, dialled %s", name, code, says, *dialled)
		}
		const plenty = 3 << 20
		go func() {
			for range plenty / 100_000 {
				_ = conn.WriteMessage(websocket.BinaryMessage, make([]byte, 100_000))
			}
		}()
		for got := 0; got < plenty/100_000*100_000; {
			_, message, err := conn.ReadMessage()
			if err != nil {
				t.Fatalf("%s: after %d bytes: %v", name, got, err)
			}
			got += len(message)
		}
		conn.Close()
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the connection outlived its client", name)
		}
	}
}

// The end of the guest's side is an orderly one, or says what was wrong.
func TestForwardEndsWithTheGuest(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := &server{client: cluster{vmi: guest(onNetwork)}}
	guestService(t, s, listener.Addr().String())
	address := s.serveRoute(t, instances, "portforward", target{port: "80"})
	for _, abort := range []bool{false, true} {
		conn, _, _ := handshake(t, address)
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		want := websocket.CloseNormalClosure
		if abort {
			_ = accepted.(*net.TCPConn).SetLinger(0)
			want = websocket.CloseInternalServerErr
		} else if _, err := accepted.Write([]byte("bye")); err != nil {
			t.Fatal(err)
		}
		accepted.Close()
		if !abort {
			hear(t, conn, "bye")
		}
		if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, want) {
			t.Errorf("aborted is %v: %v", abort, err)
		}
	}
}

// Datagrams keep their bounds, and may be empty.
func TestForwardUDP(t *testing.T) {
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	go func() {
		packet := make([]byte, 1<<16)
		for {
			n, from, err := service.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = service.WriteTo(packet[:n], from)
		}
	}()
	s := &server{client: cluster{vmi: guest(onNetwork)}}
	dialled := guestService(t, s, service.LocalAddr().String())
	address := s.serveRoute(t, instances, "portforward", target{port: "53", protocol: "udp"})
	conn, code, says := handshake(t, address)
	if code != http.StatusSwitchingProtocols || *dialled != "udp 10.0.0.7:53" {
		t.Fatalf("%d %s, dialled %s", code, says, *dialled)
	}
	for _, packet := range []string{"one", "", strings.Repeat("x", 50_000), strings.Repeat("y", maxDatagram), "last"} {
		say(t, conn, packet)
		hear(t, conn, packet)
	}
	say(t, conn, strings.Repeat("z", maxDatagram+1))
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("more than a datagram: %v", err)
	}
	// A service that begins later is reached by a later datagram.
	service.Close()
	conn, _, _ = handshake(t, address)
	for range 3 {
		say(t, conn, "anybody?")
		time.Sleep(50 * time.Millisecond)
	}
	late, err := net.ListenPacket("udp", service.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	say(t, conn, "now?")
	packet := make([]byte, 10)
	_ = late.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := late.ReadFrom(packet)
	if err != nil || string(packet[:n]) != "now?" {
		t.Fatalf("%q, %v", packet[:n], err)
	}
	_, _ = late.WriteTo([]byte("yes"), from)
	hear(t, conn, "yes")
}

func TestForwardRefusals(t *testing.T) {
	manual := v1.RunStrategyManual
	for name, c := range map[string]struct {
		resource string
		cluster  withMachine
		at       target
		code     int
		says     string
	}{
		"no instance":       {instances, withMachine{}, target{port: "22"}, 404, "not found"},
		"no machine":        {machines, withMachine{}, target{port: "22"}, 404, "not found"},
		"machine off":       {machines, withMachine{vm: machine(nil, manual)}, target{port: "22"}, 409, "status.created"},
		"instance gone":     {machines, withMachine{vm: machine(nil, manual, created)}, target{port: "22"}, 404, "not found"},
		"somebody else's":   {machines, withMachine{cluster{vmi: guest(onNetwork)}, machine(nil, manual, created)}, target{port: "22"}, 404, "not found"},
		"paused":            {machines, withMachine{cluster{vmi: guest(onNetwork, owned, paused)}, machine(nil, manual, created)}, target{port: "22"}, 409, "paused"},
		"no interface":      {instances, withMachine{cluster: cluster{vmi: guest()}}, target{port: "22"}, 400, "no network interface"},
		"no port":           {instances, withMachine{cluster: cluster{vmi: guest(onNetwork)}}, target{port: "ssh"}, 400, "port"},
		"no protocol":       {instances, withMachine{cluster: cluster{vmi: guest(onNetwork)}}, target{port: "22", protocol: "sctp"}, 400, "protocol"},
		"nobody listens":    {instances, withMachine{cluster: cluster{vmi: guest(onNetwork)}}, target{port: "22"}, 500, "connection refused"},
		"only by the agent": {instances, withMachine{cluster: cluster{vmi: guest(connected(entry("", "10.96.0.1", "guest-agent")))}}, target{port: "22"}, 400, "vouches"},
	} {
		s := &server{client: c.cluster, log: logr.Discard()}
		dialled := guestService(t, s, "127.0.0.1:1")
		_, code, says := handshake(t, s.serveRoute(t, c.resource, "portforward", c.at))
		if code != c.code || !strings.Contains(says, c.says) {
			t.Errorf("%s: %d %s, want %d with %q", name, code, says, c.code, c.says)
		}
		if (*dialled != "") != (name == "nobody listens") {
			t.Errorf("%s: dialled %s", name, *dialled)
		}
	}
}
