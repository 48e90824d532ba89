package apiserver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/handler/protocol"
)

// echo is a guest that sends back what it gets, until it is told to leave.
type echo struct {
	chunks chan []byte
	end    error
}

func (e *echo) Send(chunk *protocol.StreamChunk) error {
	e.chunks <- append([]byte(nil), chunk.GetData()...)
	return nil
}

func (e *echo) Recv() (*protocol.StreamChunk, error) {
	data, more := <-e.chunks
	if !more {
		return nil, io.EOF
	}
	if string(data) == "leave" {
		return nil, e.end
	}
	return &protocol.StreamChunk{Data: data}, nil
}

func (e *echo) CloseSend() error {
	close(e.chunks)
	return nil
}

// serveRelay relays to a guest; how that ends can be received.
func serveRelay(t *testing.T, guest byteStream, pace pace) (address string, ended chan error) {
	t.Helper()
	ended = make(chan error, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ended <- relay(w, r, guest, pace) }))
	t.Cleanup(web.Close)
	return strings.Replace(web.URL, "http", "ws", 1), ended
}

func dialAt(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{streamProtocol}}
	conn, response, err := dialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if got := response.Header.Get("Sec-Websocket-Protocol"); got != streamProtocol {
		t.Fatalf("sub-protocol %q, want %q", got, streamProtocol)
	}
	return conn
}

func dial(t *testing.T, guest byteStream) *websocket.Conn {
	t.Helper()
	address, _ := serveRelay(t, guest, usualPace)
	return dialAt(t, address)
}

func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	if _, got, err := conn.ReadMessage(); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

// wait returns how a relay has ended.
func wait(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the relay did not end")
		return nil
	}
}

func TestRelay(t *testing.T) {
	conn := dial(t, &echo{chunks: make(chan []byte), end: io.EOF})
	say(t, conn, "hello")
	hear(t, conn, "hello")
	say(t, conn, "leave")
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Fatalf("got %v, want a normal end", err)
	}
}

func TestRelayTellsWhyItEnded(t *testing.T) {
	conn := dial(t, &echo{chunks: make(chan []byte), end: status.Error(codes.Aborted, "a new console took over")})
	say(t, conn, "leave")
	_, _, err := conn.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Text != "a new console took over" {
		t.Fatalf("got %v, want the reason of the guest's side", err)
	}
}

// What the guest said last arrives although the client goes on talking to nobody.
func TestRelayLosesNothingAtTheEnd(t *testing.T) {
	guest := &leaver{said: bytes.Repeat([]byte("x"), 1<<20)}
	address, ended := serveRelay(t, guest, usualPace)
	conn := dialAt(t, address)
	for range 20 {
		say(t, conn, strings.Repeat("y", 10_000))
	}
	var got int
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Errorf("the end: %v", err)
			}
			break
		}
		got += len(message)
	}
	if got != len(guest.said) {
		t.Errorf("%d bytes of %d", got, len(guest.said))
	}
	wait(t, ended)
}

// leaver is a guest that says one thing and hears nothing.
type leaver struct {
	said []byte
	over bool
}

func (*leaver) Send(*protocol.StreamChunk) error { return io.EOF }

func (*leaver) CloseSend() error { return nil }

func (l *leaver) Recv() (*protocol.StreamChunk, error) {
	if l.over {
		return nil, io.EOF
	}
	l.over = true
	return &protocol.StreamChunk{Data: l.said}, nil
}

// Whatever a client does wrong ends its own stream, and nothing else.
func TestMalformedClients(t *testing.T) {
	for name, c := range map[string]struct {
		frame []byte
		says  string
	}{
		"oversized message": {append([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 1}, 0, 0, 0, 0), "read limit"},
		"length of no kind": {append([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1}, 0, 0, 0, 0), "read limit"},
		"without a mask":    {[]byte{0x82, 0x01, 'x'}, "MASK"},
		"reserved bits":     {[]byte{0xf2, 0x81, 0, 0, 0, 0, 'x'}, "RSV"},
		"unknown opcode":    {[]byte{0x83, 0x81, 0, 0, 0, 0, 'x'}, "bad opcode"},
		"half a frame":      {[]byte{0x82}, "EOF"},
		"no frame at all":   {[]byte("GET / HTTP/1.1\r\n\r\n"), ""},
	} {
		guest := &echo{chunks: make(chan []byte), end: io.EOF}
		address, ended := serveRelay(t, guest, usualPace)
		conn := dialAt(t, address)
		say(t, conn, "well")
		hear(t, conn, "well")
		if _, err := conn.NetConn().Write(c.frame); err != nil {
			t.Fatal(err)
		}
		if name == "half a frame" {
			_ = conn.NetConn().(*net.TCPConn).CloseWrite()
		}
		if err := wait(t, ended); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: ended with %v, want %q", name, err, c.says)
		}
	}
}

var hasty = pace{ping: 50 * time.Millisecond, pong: 1500 * time.Millisecond, stall: 5 * time.Second}

func TestSilentClientIsLetGo(t *testing.T) {
	t.Parallel()
	address, ended := serveRelay(t, &echo{chunks: make(chan []byte)}, hasty)
	began := time.Now()
	dialAt(t, address) // reads nothing, so it answers no ping
	if err := wait(t, ended); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("ended with %v", err)
	}
	if after := time.Since(began); after > hasty.stall {
		t.Errorf("only after %v", after)
	}
}

func TestClientThatAnswersStays(t *testing.T) {
	t.Parallel()
	address, ended := serveRelay(t, &echo{chunks: make(chan []byte)}, hasty)
	conn := dialAt(t, address)
	received := make(chan string, 1)
	go func() {
		_, message, _ := conn.ReadMessage() // answers the pings meanwhile
		received <- string(message)
	}()
	select {
	case err := <-ended:
		t.Fatalf("let go: %v", err)
	case <-time.After(2 * hasty.pong):
	}
	say(t, conn, "still here")
	if got := <-received; got != "still here" {
		t.Errorf("got %q", got)
	}
}

// A guest that takes nothing for a while does not make its client a silent one.
func TestGuestThatTakesNothingKeepsItsClient(t *testing.T) {
	t.Parallel()
	guest := &reluctant{echo: echo{chunks: make(chan []byte)}, takes: make(chan struct{})}
	address, ended := serveRelay(t, guest, hasty)
	conn := dialAt(t, address)
	say(t, conn, "first")
	say(t, conn, "second")
	select {
	case err := <-ended:
		t.Fatalf("let go: %v", err)
	case <-time.After(hasty.stall + hasty.pong):
	}
	close(guest.takes)
	hear(t, conn, "first")
	hear(t, conn, "second")
	say(t, conn, "third")
	hear(t, conn, "third")
}

// reluctant takes nothing before it is told to.
type reluctant struct {
	echo
	takes chan struct{}
}

func (g *reluctant) Send(chunk *protocol.StreamChunk) error {
	<-g.takes
	return g.echo.Send(chunk)
}

const messages, size = 400, 64 << 10 // more than the connection holds

func TestReaderThatStopsForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	address, ended := serveRelay(t, &talker{left: messages, data: make([]byte, size)}, hasty)
	conn := dialAt(t, address)
	time.Sleep(2 * hasty.pong)
	for n := range messages {
		if _, message, err := conn.ReadMessage(); err != nil || len(message) != size {
			t.Fatalf("message %d: %d bytes, %v", n, len(message), err)
		}
	}
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the end: %v", err)
	}
	wait(t, ended)
}

func TestReaderThatStopsForGoodIsLetGo(t *testing.T) {
	t.Parallel()
	address, ended := serveRelay(t, &talker{left: messages, data: make([]byte, size)}, hasty)
	dialAt(t, address)
	if err := wait(t, ended); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("ended with %v", err)
	}
}

// Displays are not kept for who has vanished; consoles are for who has stopped to read.
func TestPaces(t *testing.T) {
	for number := 1; number < len(protocol.Device_name); number++ {
		device := protocol.Device(number)
		pace := paceOf(device)
		if pace.ping >= pace.pong || pace.pong >= pace.stall {
			t.Errorf("%v: %+v", device, pace)
		}
		if short := pace.stall <= time.Minute; short != (device != protocol.Device_DEVICE_CONSOLE) {
			t.Errorf("%v: a client may read nothing for %v", device, pace.stall)
		}
	}
}

// talker is a guest that says the same many times.
type talker struct {
	left int
	data []byte
}

func (*talker) Send(*protocol.StreamChunk) error { return nil }

func (*talker) CloseSend() error { return nil }

func (g *talker) Recv() (*protocol.StreamChunk, error) {
	if g.left--; g.left < 0 {
		return nil, io.EOF
	}
	return &protocol.StreamChunk{Data: g.data}, nil
}
