package apiserver

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// streamProtocol is the websocket sub-protocol of every byte stream.
	streamProtocol   = "plain.kubevirt.io"
	handshakeTimeout = 10 * time.Second
	// streamBuffer is the largest piece that is passed on at once.
	streamBuffer = 32 << 10
	// maxMessage bounds what one websocket message may hold.
	maxMessage = 1 << 20
	// closeTimeout bounds the farewell to a client that no longer reads.
	closeTimeout = 5 * time.Second
	// maxCloseReason is what a close frame has room for (RFC 6455).
	maxCloseReason = 123
)

// The API server has authenticated the caller, and browsers cannot carry its
// credentials to another origin: no origin has to be refused here.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: handshakeTimeout, Subprotocols: []string{streamProtocol},
	ReadBufferSize: streamBuffer, WriteBufferSize: streamBuffer,
	CheckOrigin: func(*http.Request) bool { return true },
}

// relay upgrades the connection and copies both ways until one side ends. Each
// direction holds one piece at a time, so a slow reader slows the writer down.
func relay(w http.ResponseWriter, r *http.Request, guest byteStream) error {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return fmt.Errorf("upgrading to a websocket: %w", err)
	}
	defer conn.Close()
	conn.SetReadLimit(maxMessage)
	ended := make(chan error, 2)
	go func() { ended <- toGuest(conn, guest) }()
	go func() {
		err := fromGuest(conn, guest)
		farewell(conn, err)
		ended <- err
	}()
	return <-ended
}

func toGuest(conn *websocket.Conn, guest byteStream) error {
	buffer := make([]byte, streamBuffer)
	for {
		_, message, err := conn.NextReader()
		if err != nil {
			return fmt.Errorf("reading from the client: %w", err)
		}
		for {
			n, err := message.Read(buffer)
			if n > 0 {
				if err := guest.Send(&protocol.StreamChunk{Data: buffer[:n]}); err != nil {
					return fmt.Errorf("sending to the guest: %w", err)
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("reading from the client: %w", err)
			}
		}
	}
}

func fromGuest(conn *websocket.Conn, guest byteStream) error {
	for {
		chunk, err := guest.Recv()
		if err != nil {
			return err
		}
		if err := conn.WriteMessage(websocket.BinaryMessage, chunk.GetData()); err != nil {
			return fmt.Errorf("sending to the client: %w", err)
		}
	}
}

// farewell tells the client why the stream ended.
func farewell(conn *websocket.Conn, err error) {
	code, reason := websocket.CloseNormalClosure, ""
	if err != nil && !errors.Is(err, io.EOF) {
		code, reason = websocket.CloseInternalServerErr, status.Convert(err).Message()
		reason = reason[:min(len(reason), maxCloseReason)]
	}
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeTimeout))
}
