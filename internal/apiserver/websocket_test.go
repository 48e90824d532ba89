package apiserver

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
	data := <-e.chunks
	if string(data) == "leave" {
		return nil, e.end
	}
	return &protocol.StreamChunk{Data: data}, nil
}

func dial(t *testing.T, guest *echo) *websocket.Conn {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = relay(w, r, guest) }))
	t.Cleanup(web.Close)
	dialer := websocket.Dialer{Subprotocols: []string{streamProtocol}}
	conn, response, err := dialer.Dial(strings.Replace(web.URL, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if got := response.Header.Get("Sec-Websocket-Protocol"); got != streamProtocol {
		t.Fatalf("sub-protocol %q, want %q", got, streamProtocol)
	}
	return conn
}

func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestRelay(t *testing.T) {
	conn := dial(t, &echo{chunks: make(chan []byte), end: io.EOF})
	say(t, conn, "hello")
	if _, got, err := conn.ReadMessage(); err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
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
