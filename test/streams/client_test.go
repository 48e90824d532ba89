//go:build process

package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// dial is how the client's connection comes about; nil is the usual way.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// url of a subresource.
func (s *system) url(scheme, resource, name, subresource string) string {
	return fmt.Sprintf("%s://%s/apis/subresources.kubevirt.io/v1/namespaces/default/%s/%s/%s", scheme, s.address, resource, name, subresource)
}

// attach opens a guest's console as kube-apiserver passes it on.
func (s *system) attach(g *guest, through dial) (*websocket.Conn, error) {
	return s.attachTo("console", g, through)
}

func (s *system) attachTo(device string, g *guest, through dial) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		TLSClientConfig: s.caller.Clone(), NetDialContext: through,
		Subprotocols: []string{"plain.kubevirt.io"}, HandshakeTimeout: patience,
	}
	conn, response, err := dialer.Dial(s.url("wss", "virtualmachineinstances", g.instance.Name, device), user())
	if err != nil && response != nil {
		body, _ := io.ReadAll(response.Body)
		return nil, fmt.Errorf("%w: %s %s", err, response.Status, body)
	}
	return conn, err
}

// user is whom kube-apiserver has authenticated.
func user() http.Header {
	return http.Header{"X-Remote-User": {"tester"}, "X-Remote-Group": {"system:authenticated"}}
}

// open is attach for a test that has no use for a failure.
func (s *system) open(t testing.TB, g *guest, through dial) *websocket.Conn {
	t.Helper()
	conn, err := s.attach(g, through)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return conn
}

// do sends a request that is no websocket.
func (s *system) do(t testing.TB, method, url string, body io.Reader) (code int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	must(t, err)
	request.Header = user()
	web := http.Client{Transport: &http.Transport{TLSClientConfig: s.caller.Clone(), DisableKeepAlives: true}, Timeout: patience}
	response, err := web.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(text)
}

// bytesOf shows a websocket's messages as the bytes they carry.
type bytesOf struct {
	*websocket.Conn
	message io.Reader
}

func (b *bytesOf) Read(p []byte) (int, error) {
	for {
		if b.message == nil {
			_, message, err := b.NextReader()
			if err != nil {
				return 0, err
			}
			b.message = message
		}
		n, err := b.message.Read(p)
		if errors.Is(err, io.EOF) {
			b.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (b *bytesOf) Write(p []byte) (int, error) {
	if err := b.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// say sends something, to the guest or to the client.
func say(t testing.TB, to io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatalf("saying %.20q: %v", text, err)
	}
}

// hear expects the very text, and nothing before it.
func hear(t testing.TB, from io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || string(got) != want {
		t.Fatalf("heard %.40q (%v), want %.40q", got[:n], err, want)
	}
}

// talk proves that a console carries bytes both ways.
func (s *system) talk(t testing.TB, g *guest) {
	t.Helper()
	client := &bytesOf{Conn: s.open(t, g, nil)}
	end := g.console(t)
	say(t, client, "who is there?")
	hear(t, end, "who is there?")
	say(t, end, g.instance.Name)
	hear(t, client, g.instance.Name)
	client.Close()
	hearNothingMore(t, end)
}

// hearNothingMore expects the end of a guest's console.
func hearNothingMore(t testing.TB, end net.Conn) {
	t.Helper()
	_ = end.SetReadDeadline(time.Now().Add(patience))
	// A reset is the end, too: the other side had not read everything.
	if rest, err := io.ReadAll(end); err != nil && !errors.Is(err, syscall.ECONNRESET) || len(rest) > 0 {
		t.Fatalf("the guest heard %d bytes more, %.40q (%v)", len(rest), rest, err)
	}
}

// farewell reads on until the stream has ended, and returns the close frame.
func farewell(t testing.TB, conn *websocket.Conn) *websocket.CloseError {
	t.Helper()
	for {
		_, _, err := conn.NextReader()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return closed
		case err != nil:
			t.Fatalf("the stream ended without a word: %v", err)
		}
	}
}

// wantFarewell expects the stream's end with a code and a reason.
func wantFarewell(t testing.TB, conn *websocket.Conn, code int, reason string) {
	t.Helper()
	if closed := farewell(t, conn); closed.Code != code || !strings.Contains(closed.Text, reason) {
		t.Fatalf("the stream ended with %d %q, want %d %q", closed.Code, closed.Text, code, reason)
	}
}
