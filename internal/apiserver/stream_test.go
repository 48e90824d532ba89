package apiserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// opener is a virt-handler that opens an echo, or refuses.
type opener struct {
	err   error
	asked *protocol.StreamTarget
	ended chan struct{}
}

func (o *opener) open(ctx context.Context, _ string, target *protocol.StreamTarget) (byteStream, error) {
	o.asked = target
	context.AfterFunc(ctx, func() { close(o.ended) })
	if o.err != nil {
		return nil, o.err
	}
	return &echo{chunks: make(chan []byte, 10)}, nil
}

// serveRoute serves one route for ns/myvm, the parameters being those of the path.
func (s *server) serveRoute(t *testing.T, resource, subresource string, at target) string {
	t.Helper()
	s.log, at.namespace, at.name = logr.Discard(), "ns", "myvm"
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		findRoute(http.MethodGet, resource, subresource).handle(s, w, r, at)
	}))
	t.Cleanup(web.Close)
	return strings.Replace(web.URL, "http", "ws", 1)
}

// handshake returns the connection, or the code and body of the refusal.
func handshake(t *testing.T, address string) (conn *websocket.Conn, code int, says string) {
	t.Helper()
	conn, response, err := (&websocket.Dialer{Subprotocols: []string{streamProtocol}}).Dial(address, nil)
	if response == nil {
		t.Fatal(err)
	}
	if err != nil {
		body := make([]byte, 1000)
		n, _ := response.Body.Read(body)
		return nil, response.StatusCode, string(body[:n])
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	return conn, response.StatusCode, ""
}

func clientPassthrough(vmi *v1.VirtualMachineInstance) {
	vmi.Spec.Domain.Devices.ClientPassthrough = &v1.ClientPassthroughDevices{}
}

func onS390x(vmi *v1.VirtualMachineInstance) { vmi.Spec.Architecture = "s390x" }

func headless(vmi *v1.VirtualMachineInstance) {
	vmi.Spec.Domain.Devices.AutoattachGraphicsDevice = ptr(false)
}

func withoutSerial(vmi *v1.VirtualMachineInstance) {
	vmi.Spec.Domain.Devices.AutoattachSerialConsole = ptr(false)
}

// Every refusal is a status in place of the upgrade.
func TestStreams(t *testing.T) {
	refuse := func(code codes.Code) error { return status.Error(code, "said so") }
	const console, display, usb = protocol.Device_DEVICE_CONSOLE, protocol.Device_DEVICE_VNC, protocol.Device_DEVICE_USBREDIR
	for name, c := range map[string]struct {
		subresource, query string
		vmi                *v1.VirtualMachineInstance
		err                error
		code               int
		says               string
		device             protocol.Device
		keep               bool
	}{
		"console":                {"console", "", guest(), nil, 101, "", console, false},
		"no console":             {"console", "", guest(withoutSerial), nil, 400, "autoattachSerialConsole", 0, false},
		"console of nobody":      {"console", "", nil, nil, 404, "not found", 0, false},
		"console of the failed":  {"console", "", guest(in(v1.VMIPhaseFailed)), nil, 409, "has failed", 0, false},
		"console too early":      {"console", "", guest(in(v1.VMIPhaseScheduled)), nil, 400, "is not running", 0, false},
		"vnc":                    {"vnc", "", guest(), nil, 101, "", display, false},
		"vnc, not preserving":    {"vnc", "preserveSession=false", guest(), nil, 101, "", display, false},
		"vnc, preserving":        {"vnc", "preserveSession=true", guest(), nil, 101, "", display, true},
		"vnc, preserving what":   {"vnc", "preserveSession=perhaps", guest(), nil, 400, "preserveSession", 0, false},
		"vnc, held":              {"vnc", "preserveSession=true", guest(), refuse(codes.AlreadyExists), 409, "said so", display, true},
		"no display":             {"vnc", "", guest(headless), nil, 400, "autoattachGraphicsDevice", 0, false},
		"usbredir":               {"usbredir", "", guest(clientPassthrough), nil, 101, "", usb, false},
		"usbredir, all in use":   {"usbredir", "", guest(clientPassthrough), refuse(codes.ResourceExhausted), 409, "said so", usb, false},
		"usbredir without":       {"usbredir", "", guest(), nil, 409, "clientPassthrough", 0, false},
		"usbredir on s390x":      {"usbredir", "", guest(clientPassthrough, onS390x), nil, 409, "s390x", 0, false},
		"usbredir too early":     {"usbredir", "", guest(clientPassthrough, in(v1.VMIPhasePending)), nil, 400, "is not running", 0, false},
		"no such device":         {"console", "", guest(), refuse(codes.FailedPrecondition), 400, "said so", console, false},
		"gone":                   {"console", "", guest(), refuse(codes.NotFound), 500, "no longer on node", console, false},
		"node not reached":       {"console", "", guest(), refuse(codes.Unavailable), 500, "cannot be reached", console, false},
		"out of time":            {"console", "", guest(), refuse(codes.DeadlineExceeded), 500, "did not answer", console, false},
		"nobody on the node":     {"console", "", guest(), errNoHandler, 400, "no virt-handler", console, false},
		"vsock":                  {"vsock", "port=22", guest(), nil, 400, "not attached", 0, false},
		"vsock without TLS":      {"vsock", "port=22&tls=false", guest(), nil, 400, "not attached", 0, false},
		"vsock too early":        {"vsock", "port=22", guest(in(v1.VMIPhasePending)), nil, 400, "is not running", 0, false},
		"vsock of nobody":        {"vsock", "port=22", nil, nil, 404, "not found", 0, false},
		"vsock without a port":   {"vsock", "", guest(), nil, 400, "port", 0, false},
		"vsock of port 0":        {"vsock", "port=0", guest(), nil, 400, "port", 0, false},
		"vsock of what security": {"vsock", "port=22&tls=some", guest(), nil, 400, "tls", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			handler := &opener{err: c.err, ended: make(chan struct{})}
			s := &server{client: cluster{vmi: c.vmi}, streams: handler}
			conn, code, says := handshake(t, s.serveRoute(t, instances, c.subresource, target{})+"?"+c.query)
			if code != c.code || !strings.Contains(says, c.says) || code != 101 && !strings.Contains(says, `"kind":"Status"`) {
				t.Fatalf("%d %s, want %d with %q", code, says, c.code, c.says)
			}
			var want *protocol.StreamTarget
			if c.device != 0 {
				want = &protocol.StreamTarget{Namespace: "ns", Name: "myvm", Uid: "one", Device: c.device, KeepPresent: c.keep}
			}
			if !proto.Equal(handler.asked, want) {
				t.Errorf("the node was asked %v, want %v", handler.asked, want)
			}
			if conn != nil {
				say(t, conn, "hello")
				hear(t, conn, "hello")
				conn.Close()
			}
			if want != nil {
				select {
				case <-handler.ended: // and with it the stream on the node
				case <-time.After(10 * time.Second):
					t.Error("the stream did not end with its client")
				}
			}
		})
	}
}

// lateHandler opens after a while, or refuses.
type lateHandler struct {
	protocol.UnimplementedHandlerServer
	after time.Duration
	err   error
}

func (h lateHandler) Stream(caller grpc.BidiStreamingServer[protocol.StreamChunk, protocol.StreamChunk]) error {
	if _, err := caller.Recv(); err != nil {
		return err
	}
	select {
	case <-time.After(h.after):
	case <-caller.Context().Done():
	}
	if h.err != nil {
		return h.err
	}
	if err := caller.SendHeader(nil); err != nil {
		return err
	}
	return caller.Send(&protocol.StreamChunk{Data: []byte("open")})
}

func TestBegin(t *testing.T) {
	for name, c := range map[string]struct {
		handler protocol.HandlerServer
		code    codes.Code
	}{
		"open":    {lateHandler{after: 50 * time.Millisecond}, codes.OK},
		"refused": {lateHandler{err: status.Error(codes.AlreadyExists, "held")}, codes.AlreadyExists},
		"ended":   {lateHandler{err: nil, after: time.Hour}, codes.Canceled},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		web := grpc.NewServer()
		protocol.RegisterHandlerServer(web, c.handler)
		go func() { _ = web.Serve(listener) }()
		t.Cleanup(web.Stop)
		conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		ctx, cancel := context.WithCancel(t.Context())
		limit := time.AfterFunc(2*time.Second, cancel)
		stream, err := begin(ctx, protocol.NewHandlerClient(conn), &protocol.StreamTarget{})
		limit.Stop()
		if status.Code(err) != c.code {
			t.Errorf("%s: %v, want %v", name, err, c.code)
		}
		if err == nil {
			if first, err := stream.Recv(); err != nil || string(first.GetData()) != "open" {
				t.Errorf("%s: received %v, %v", name, first, err)
			}
		}
		cancel()
	}
	conn, err := grpc.NewClient("passthrough:///127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := begin(t.Context(), protocol.NewHandlerClient(conn), &protocol.StreamTarget{}); status.Code(err) != codes.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
}

func TestOpenWithoutHandler(t *testing.T) {
	_, err := (&handlers{pods: oneHandler{}}).open(t.Context(), "node01", &protocol.StreamTarget{})
	if !errors.Is(err, errNoHandler) {
		t.Errorf("got %v", err)
	}
}
