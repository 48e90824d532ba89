package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/types"

	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/handler/protocol"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/test/fakelauncher"
)

const (
	podUID    = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"
	apiClient = "kubevirt.io:system:client:virt-handler"
	server    = "virt-handler"
)

// pki issues what the two sides need.
type pki struct {
	authority *certificate.Pair
	directory string
}

func newPKI(t *testing.T) pki {
	t.Helper()
	authority, err := certificate.NewAuthority("test", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p := pki{authority: authority, directory: t.TempDir()}
	p.write(t, "ca-bundle", authority.CertificatePEM)
	p.writeServer(t)
	return p
}

func (p pki) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.directory, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p pki) issue(t *testing.T, name string, usage x509.ExtKeyUsage) *certificate.Pair {
	t.Helper()
	pair, err := p.authority.Issue(certificate.Request{
		CommonName: name, DNSNames: []string{name}, Usages: []x509.ExtKeyUsage{usage},
	}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func (p pki) writeServer(t *testing.T) *certificate.Pair {
	t.Helper()
	pair := p.issue(t, server, x509.ExtKeyUsageServerAuth)
	p.write(t, "tls.crt", pair.CertificatePEM)
	p.write(t, "tls.key", pair.KeyPEM)
	return pair
}

func (p pki) certificates() *Certificates {
	return &Certificates{Directory: p.directory, Authorities: filepath.Join(p.directory, "ca-bundle")}
}

// clientConfig is what a client with the given name uses.
func (p pki) clientConfig(t *testing.T, name string) *tls.Config {
	t.Helper()
	pair := p.issue(t, name, x509.ExtKeyUsageClientAuth)
	own, err := tls.X509KeyPair(pair.CertificatePEM, pair.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(p.authority.Certificate)
	return &tls.Config{Certificates: []tls.Certificate{own}, RootCAs: pool, ServerName: server}
}

// device is the hypervisor's end of a device: one client at a time.
type device struct {
	listener net.Listener
	clients  chan net.Conn
}

func serveDevice(t *testing.T, directory, name string) *device {
	t.Helper()
	link := t.TempDir() + "/d"
	if err := os.Symlink(directory, link); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(link, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	d := &device{listener: listener, clients: make(chan net.Conn)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			d.clients <- conn
		}
	}()
	return d
}

func (d *device) client(t *testing.T) net.Conn {
	t.Helper()
	select {
	case conn := <-d.clients:
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		return conn
	case <-time.After(10 * time.Second):
		t.Fatal("nobody connected to the device")
		return nil
	}
}

type fixture struct {
	pki
	address  string
	run      string
	console  *device
	launcher *fakelauncher.Launcher
	events   *event.Memory
}

// newFixture serves the console of one guest.
func newFixture(t *testing.T) fixture {
	t.Helper()
	node := nodetest.New(t)
	directory := node.Pod(t, podUID)
	node.Own(t, os.Getpid(), podUID)
	f := fixture{pki: newPKI(t), run: directory, console: serveDevice(t, directory, "serial0.sock"), events: &event.Memory{}}
	f.launcher = fakelauncher.Start(t, directory, fakelauncher.Identity{Namespace: "default", Name: "vmi", UID: "vmi-uid"})
	found := make(chan struct{}, 10)
	finder := launcherclient.Finder{Pods: node.Pods, Cgroups: node.Cgroups}
	registry := launcherclient.NewRegistry(t.Context(), finder, testr.New(t), func(types.NamespacedName) { found <- struct{}{} })
	registry.Guest(launcherclient.Instance{
		NamespacedName: types.NamespacedName{Namespace: "default", Name: "vmi"}, UID: "vmi-uid", PodUID: podUID,
	})
	<-found
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.address = listener.Addr().String()
	go func() { _ = serve(t.Context(), listener, f.certificates(), apiClient, New(registry, finder, f.events)) }()
	return f
}

func (f fixture) call(t *testing.T, config *tls.Config) protocol.HandlerClient {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+f.address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return protocol.NewHandlerClient(conn)
}

func consoleOf(name, uid string) *protocol.StreamChunk {
	return &protocol.StreamChunk{Target: &protocol.StreamTarget{
		Namespace: "default", Name: name, Uid: uid, Device: protocol.Device_DEVICE_CONSOLE,
	}}
}

type chunks = grpc.BidiStreamingClient[protocol.StreamChunk, protocol.StreamChunk]

func (f fixture) open(t *testing.T, ctx context.Context, first *protocol.StreamChunk) chunks {
	t.Helper()
	stream, err := f.call(t, f.clientConfig(t, apiClient)).Stream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(first); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return stream
}

func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("read %q (%v), want %q", got, err, want)
	}
}

func receive(t *testing.T, stream chunks, want string) {
	t.Helper()
	var got strings.Builder
	for got.Len() < len(want) {
		next, err := stream.Recv()
		if err != nil {
			t.Fatalf("received %q, then %v", got.String(), err)
		}
		got.Write(next.GetData())
	}
	if got.String() != want {
		t.Fatalf("received %q, want %q", got.String(), want)
	}
}

func TestConsoleCarriesBytesBothWays(t *testing.T) {
	f := newFixture(t)
	stream := f.open(t, t.Context(), consoleOf("vmi", "vmi-uid"))
	guest := f.console.client(t)
	if err := stream.Send(&protocol.StreamChunk{Data: []byte("root\n")}); err != nil {
		t.Fatal(err)
	}
	expect(t, guest, "root\n")
	if _, err := guest.Write([]byte("login:")); err != nil {
		t.Fatal(err)
	}
	receive(t, stream, "login:")
	guest.Close()
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the guest's end: %v", err)
	}
}

func TestSecondStreamReplacesTheFirst(t *testing.T) {
	f := newFixture(t)
	first := f.open(t, t.Context(), consoleOf("vmi", "vmi-uid"))
	guest := f.console.client(t)
	if _, err := guest.Write([]byte("to the first")); err != nil {
		t.Fatal(err)
	}
	receive(t, first, "to the first")

	second := f.open(t, t.Context(), consoleOf("vmi", "vmi-uid"))
	if _, err := first.Recv(); status.Code(err) != codes.Aborted {
		t.Errorf("the first stream ended with %v", err)
	}
	if _, err := guest.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the device's first connection: %v", err)
	}
	guest = f.console.client(t)
	if _, err := guest.Write([]byte("to the second")); err != nil {
		t.Fatal(err)
	}
	receive(t, second, "to the second") // and nothing of what the first has seen
}

func TestStreamEndsWithTheClient(t *testing.T) {
	f := newFixture(t)
	ctx, hangUp := context.WithCancel(t.Context())
	f.open(t, ctx, consoleOf("vmi", "vmi-uid"))
	guest := f.console.client(t)
	hangUp()
	if _, err := guest.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the device's connection: %v", err)
	}
}

// A client that does not read must stop the guest's output, not fill the memory.
func TestSlowClientHoldsTheGuestBack(t *testing.T) {
	f := newFixture(t)
	stream := f.open(t, t.Context(), consoleOf("vmi", "vmi-uid"))
	guest := f.console.client(t)
	_ = guest.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	const plenty = 64 << 20
	written, err := io.Copy(guest, io.LimitReader(zeros{}, plenty))
	if err == nil || written > plenty/8 {
		t.Fatalf("the guest could write %d bytes to a client that does not read", written)
	}
	var read int64
	for read < written {
		next, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		read += int64(len(next.GetData()))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestRefusals(t *testing.T) {
	f := newFixture(t)
	vnc := consoleOf("vmi", "vmi-uid")
	vnc.Target.Device = protocol.Device_DEVICE_VNC
	unknown := consoleOf("vmi", "vmi-uid")
	unknown.Target.Device = 99
	for name, c := range map[string]struct {
		first *protocol.StreamChunk
		code  codes.Code
	}{
		"another name":       {consoleOf("other", "vmi-uid"), codes.NotFound},
		"another UID":        {consoleOf("vmi", "former-uid"), codes.NotFound},
		"no target":          {&protocol.StreamChunk{Data: []byte("x")}, codes.InvalidArgument},
		"unknown device":     {unknown, codes.InvalidArgument},
		"guest without that": {vnc, codes.FailedPrecondition},
	} {
		if _, err := f.open(t, t.Context(), c.first).Recv(); status.Code(err) != c.code {
			t.Errorf("%s: %v, want %v", name, err, c.code)
		}
	}
}

func TestOnlyTheAPIIsAdmitted(t *testing.T) {
	f := newFixture(t)
	anonymous := f.clientConfig(t, apiClient)
	anonymous.Certificates = nil
	stranger := newPKI(t).clientConfig(t, apiClient)
	stranger.RootCAs = f.clientConfig(t, apiClient).RootCAs
	for name, config := range map[string]*tls.Config{
		"no certificate":      anonymous,
		"another component":   f.clientConfig(t, "kubevirt.io:system:client:virt-controller"),
		"another authority's": stranger,
	} {
		stream, err := f.call(t, config).Stream(t.Context())
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	p := newPKI(t)
	certificates := p.certificates()
	before, err := certificates.current(apiClient)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := certificates.current(apiClient); again != before {
		t.Error("read again without need")
	}
	renewed := p.writeServer(t)
	later := time.Now().Add(time.Second)
	if err := os.Chtimes(filepath.Join(p.directory, "tls.crt"), later, later); err != nil {
		t.Fatal(err)
	}
	after, err := certificates.current(apiClient)
	if err != nil {
		t.Fatal(err)
	}
	if string(after.Certificates[0].Certificate[0]) != string(renewed.Certificate.Raw) {
		t.Error("the renewed certificate is not used")
	}
	p.write(t, "tls.key", []byte("half a ch"))
	if err := os.Chtimes(filepath.Join(p.directory, "tls.key"), later, later.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if kept, err := certificates.current(apiClient); err != nil || kept != after {
		t.Errorf("during a change: %v", err)
	}
}
