package portforward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/proxy"
	"kubevirt.io/kubevirt/test/fakeapi"
)

func TestParsePort(t *testing.T) {
	for _, tc := range []struct {
		in, problem string
		want        port
	}{
		{"80", "", port{tcp, 80, 80}},
		{"8080:80", "", port{tcp, 8080, 80}},
		{"0:80", "", port{tcp, 0, 80}},
		{"udp/53", "", port{udp, 53, 53}},
		{"TCP/2222:22", "", port{tcp, 2222, 22}},
		{"0", "0 is no port of a guest", port{}},
		{"sctp/80", "tcp and udp are", port{}},
		{"80:http", `"http" is not a number from 0 to 65535`, port{}},
		{"70000", "not a number from 0 to 65535", port{}},
		{"80:80:80", "the guest's port", port{}},
		{"", "the local port", port{}},
	} {
		got, err := parsePort(tc.in)
		if tc.problem == "" && (err != nil || got != tc.want) {
			t.Errorf("%q: %+v %v, want %+v", tc.in, got, err, tc.want)
		}
		if tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)) {
			t.Errorf("%q: %v, want %q", tc.in, err, tc.problem)
		}
	}
}

func TestAddress(t *testing.T) {
	if err := Run(t.Context(), &client.Client{}, Options{Err: io.Discard}); err == nil || !strings.Contains(err.Error(), "--address is empty") {
		t.Errorf("got %v", err)
	}
}

func TestStdioTakesOnePort(t *testing.T) {
	o := Options{Stdio: true}
	if err := o.parse([]string{"vm/web", "80", "81"}); err == nil {
		t.Error("two ports were taken")
	}
}

var gone = schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachines"}

// output is written by connections while the test reads it.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.Write(p)
}

// await returns the first match, of its groups the last.
func (o *output) await(t *testing.T, pattern string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		o.mutex.Lock()
		text := o.text.String()
		o.mutex.Unlock()
		if found := regexp.MustCompile(pattern).FindStringSubmatch(text); found != nil {
			return found[len(found)-1]
		}
	}
	t.Fatalf("%q was not printed, but %q", pattern, o.text.String())
	return ""
}

// start runs the command until the test ends.
func start(t *testing.T, paths map[string]http.HandlerFunc, args ...string) (out, errOut *output) {
	t.Helper()
	paths[fakeapi.Object("virtualmachines", "web")] = fakeapi.JSON(map[string]any{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"})
	c, err := client.New(fakeapi.Serve(t, paths))
	if err != nil {
		t.Fatal(err)
	}
	out, errOut = &output{}, &output{}
	o := Options{Address: "127.0.0.1", Out: out, Err: errOut}
	if err := o.parse(append([]string{"vm/web/" + fakeapi.Namespace}, args...)); err != nil {
		t.Fatal(err)
	}
	c = c.In("elsewhere") // the target's namespace wins
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return out, errOut
}

func ask(t *testing.T, conn net.Conn, question string) string {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, question); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, maxDatagram)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer[:n])
}

func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestTCP(t *testing.T) {
	out, errOut := start(t, map[string]http.HandlerFunc{
		fakeapi.Machine("web", "/portforward/80/tcp"): fakeapi.Stream(t, fakeapi.Echo),
		fakeapi.Machine("web", "/portforward/81/tcp"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewInternalError(errors.New("connecting to tcp port 81 of the guest: connection refused")))
		},
	}, "0:80", "0:81")
	open := out.await(t, `forwarding tcp (127\.0\.0\.1:\d+) to 80\n`)
	closed := out.await(t, `forwarding tcp (127\.0\.0\.1:\d+) to 81\n`)
	first := dial(t, "tcp", open)
	if got := ask(t, first, "one"); got != "one" {
		t.Errorf("got %q", got)
	}
	if _, err := dial(t, "tcp", closed).Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a connection to a closed port: %v, want a reset", err)
	}
	errOut.await(t, `error: a connection to tcp port 81 of vm/web/shop: .*connection refused\nhint: nothing listens`)
	if got := ask(t, dial(t, "tcp", open), "two"); got != "two" {
		t.Errorf("after another connection's failure: %q", got)
	}
	if got := ask(t, first, "three"); got != "three" {
		t.Errorf("the first connection: %q", got)
	}
}

func TestUDP(t *testing.T) {
	var streams atomic.Int64
	out, _ := start(t, map[string]http.HandlerFunc{
		fakeapi.Machine("web", "/portforward/53/udp"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			name := fmt.Sprint(streams.Add(1))
			for {
				_, datagram, err := conn.ReadMessage()
				if err != nil {
					return
				}
				_ = conn.WriteMessage(websocket.BinaryMessage, append([]byte(name+":"), datagram...))
				_ = conn.WriteMessage(websocket.BinaryMessage, []byte("more"))
			}
		}),
	}, "udp/0:53")
	address := out.await(t, `forwarding udp (127\.0\.0\.1:\d+) to 53\n`)
	for i, question := range []string{"one", strings.Repeat("x", 9000)} {
		conn := dial(t, "udp", address)
		for range 2 {
			if got, want := ask(t, conn, question), fmt.Sprintf("%d:%s", i+1, question); got != want {
				t.Errorf("client %d got %d bytes, want %d", i, len(got), len(want))
			}
			if got := ask(t, conn, ""); got != "more" {
				t.Errorf("client %d got %q, want the second datagram", i, got)
			}
			// The answer to the empty datagram.
			_, _ = conn.Read(make([]byte, 16))
			_, _ = conn.Read(make([]byte, 16))
		}
	}
	if n := streams.Load(); n != 2 {
		t.Errorf("%d streams for two clients", n)
	}
}

func TestUDPIdle(t *testing.T) {
	closed := make(chan error, 2)
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Machine("web", "/portforward/53/udp"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			_, _, _ = conn.ReadMessage()
			_, _, err := conn.ReadMessage()
			closed <- err
		}),
	}))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := proxy.Opener(func(ctx context.Context) (io.ReadWriteCloser, error) {
		return c.StreamWith(ctx, client.MachineResource, "web", "portforward/53/udp", nil)
	})
	relay := &datagrams{conn: conn, open: open, report: func(err error) { t.Error(err) }, idle: 50 * time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.serve(ctx) }()
	local := dial(t, "udp", conn.LocalAddr().String())
	for range 2 { // a client that comes back gets a new stream
		if _, err := local.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := <-closed; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the server saw %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestStdio(t *testing.T) {
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Machine("web", "/portforward/22/tcp"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			_, message, _ := conn.ReadMessage()
			_ = conn.WriteMessage(websocket.BinaryMessage, append([]byte("SSH-2.0 "), message...))
			fakeapi.Close(conn, "")
		}),
		fakeapi.Machine("stopped", "/portforward/22/tcp"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewConflict(gone, "stopped", errors.New("it is not running: status.created is false")))
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"vm/web": "", "vm/stopped": "connecting to port 22 of vm/stopped: "} {
		var out bytes.Buffer
		o := Options{Stdio: true, In: strings.NewReader("hello"), Out: &out}
		if err := o.parse([]string{name, "22"}); err != nil {
			t.Fatal(err)
		}
		err := Run(t.Context(), c, o)
		if want == "" && (err != nil || out.String() != "SSH-2.0 hello") {
			t.Errorf("%s: got %q, %v", name, out.String(), err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "virtctl start stopped")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongName(t *testing.T) {
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Object("virtualmachines", "typo"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewNotFound(gone, "typo"))
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Address: "127.0.0.1", Out: io.Discard, Err: io.Discard}
	if err := o.parse([]string{"vm/typo", "0:80"}); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), "no virtual machine typo in namespace shop") {
		t.Errorf("got %v", err)
	}
}
