package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

// opener opens a stream whose server side is serve.
func opener(t *testing.T, serve func(*websocket.Conn)) Opener {
	t.Helper()
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/vnc"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) { serve(conn) }),
	}))
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (io.ReadWriteCloser, error) {
		return c.Stream(ctx, client.InstanceResource, "web", "vnc")
	}
}

func mustOpen(t *testing.T, open Opener) io.ReadWriteCloser {
	t.Helper()
	stream, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// TestSlowReader sends more than any buffer holds to a program that does not read:
// the server must come to a halt, and go on without a loss.
func TestSlowReader(t *testing.T) {
	const pieces, size = 2048, 32 << 10
	var sent atomic.Int64
	sum := sha256.New()
	open := opener(t, func(conn *websocket.Conn) {
		random, piece := rand.New(rand.NewSource(1)), make([]byte, size)
		for range pieces {
			random.Read(piece)
			sum.Write(piece)
			if conn.WriteMessage(websocket.BinaryMessage, piece) != nil {
				return
			}
			sent.Add(1)
		}
		fakeapi.Close(conn, "")
	})
	program, local := net.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Pipe(mustOpen(t, open), local)
		local.Close()
	}()
	held := int64(-1)
	for now := sent.Load(); now != held || now == 0; now = sent.Load() {
		held = now
		time.Sleep(200 * time.Millisecond)
	}
	if held == pieces {
		t.Fatalf("the server could send all %d bytes to a program that reads none", pieces*size)
	}
	got := sha256.New()
	if n, err := io.Copy(got, program); err != nil || n != pieces*size {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if string(got.Sum(nil)) != string(sum.Sum(nil)) {
		t.Error("the bytes are not those that were sent")
	}
}

// TestReason has the server end a stream that the program is still sending to.
func TestReason(t *testing.T) {
	open := opener(t, func(conn *websocket.Conn) {
		_, _, _ = conn.ReadMessage()
		fakeapi.Close(conn, "the guest has stopped")
	})
	program, local := net.Pipe()
	go func() {
		for {
			if _, err := program.Write(make([]byte, 1024)); err != nil {
				return
			}
		}
	}()
	err := Pipe(mustOpen(t, open), local)
	local.Close()
	if err == nil || err.Error() != "the guest has stopped" {
		t.Errorf("ended with %v", err)
	}
}

type oneWay struct {
	io.Reader
	io.Writer
}

// TestLastAnswer has a guest answer after the program's last word, for longer than it
// may pause, and then fall silent without an end.
func TestLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guest, stream := net.Pipe()
		defer guest.Close()
		go func() {
			_, _ = guest.Read(make([]byte, 8))
			for range 5 {
				time.Sleep(linger / 2)
				_, _ = guest.Write([]byte("x"))
			}
		}()
		var answer strings.Builder
		if err := Pipe(stream, oneWay{strings.NewReader("GET"), &answer}); !errors.Is(err, errSilent) {
			t.Errorf("ended with %v", err)
		}
		if answer.String() != "xxxxx" {
			t.Errorf("got %q", answer.String())
		}
	})
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errors.New("reset") }
func (failing) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestProgramLeaves(t *testing.T) {
	closed := make(chan error, 2)
	open := opener(t, func(conn *websocket.Conn) {
		_ = conn.WriteMessage(websocket.BinaryMessage, []byte("x"))
		_, _, err := conn.ReadMessage()
		closed <- err
	})
	silent, _ := io.Pipe()
	for name, local := range map[string]io.ReadWriter{
		"reads fail":  oneWay{failing{}, io.Discard},
		"writes fail": oneWay{silent, failing{}},
	} {
		if err := Pipe(mustOpen(t, open), local); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-closed; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("%s: the server saw %v", name, err)
		}
	}
}

// shaky fails to accept a connection at first.
type shaky struct {
	net.Listener
	failed bool
}

func (s *shaky) Accept() (net.Conn, error) {
	if !s.failed {
		s.failed = true
		return nil, syscall.EMFILE
	}
	return s.Listener.Accept()
}

func TestServeGoesOnAfterAFailedAccept(t *testing.T) {
	open := opener(t, func(conn *websocket.Conn) { fakeapi.Echo(nil, conn) })
	listener, err := Listen(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reported, ended := make(chan error, 1), make(chan error, 1)
	go func() { ended <- Serve(ctx, &shaky{Listener: listener}, open, func(err error) { reported <- err }) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, "x")
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := <-reported; !errors.Is(err, syscall.EMFILE) {
		t.Errorf("reported %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCheckAddress(t *testing.T) {
	for address, warned := range map[string]bool{
		"127.0.0.1": false, "127.3.2.1": false, "::1": false, "localhost": false, "0.0.0.0": true, "::": true, "10.0.0.1": true, "web": true,
	} {
		var warning strings.Builder
		if err := CheckAddress(address, &warning); err != nil || strings.Contains(warning.String(), "--address "+address) != warned {
			t.Errorf("%s: %v, %q", address, err, warning.String())
		}
	}
	if err := CheckAddress("", io.Discard); err == nil {
		t.Error("an empty address was taken")
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	open := opener(t, func(conn *websocket.Conn) { _, _, _ = conn.ReadMessage() })
	listener, err := Listen(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, listener, open, func(err error) { t.Error(err) }) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on")
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
