package apiserver

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// streamProtocol is the websocket sub-protocol of every byte stream.
	streamProtocol   = "plain.kubevirt.io"
	handshakeTimeout = 10 * time.Second
	// streamBuffer is the largest piece that is passed on at once.
	streamBuffer = 32 << 10
	// readBuffer is what a client's frames are read ahead.
	readBuffer = 4 << 10
	// maxMessage bounds what one websocket message may hold.
	maxMessage = 1 << 20
	// closeTimeout bounds the farewell to a client that no longer reads.
	closeTimeout = 5 * time.Second
	// maxCloseReason is what a close frame has room for (RFC 6455).
	maxCloseReason = 123
)

// buffer has room for a datagram and one byte more, so that reading finds its end.
type buffer [maxDatagram + 1]byte

// buffers hold what clients send. Only a message on its way has one, so that idle
// streams cost little.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// messenger is a byteStream that may be one of datagrams: each message of the client
// is passed on whole.
type messenger interface{ datagrams() bool }

// The API server has authenticated the caller, and browsers cannot carry its
// credentials to another origin: no origin has to be refused here.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: handshakeTimeout, Subprotocols: []string{streamProtocol},
	ReadBufferSize: readBuffer, WriteBufferSize: streamBuffer, WriteBufferPool: &sync.Pool{},
	CheckOrigin: func(*http.Request) bool { return true },
}

// checkHandshake refuses what could not be upgraded before anything is opened for it:
// that may take a device from who has it.
func checkHandshake(r *http.Request) error {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key"))
	if err != nil || len(key) != 16 || !websocket.IsWebSocketUpgrade(r) || r.Header.Get("Sec-Websocket-Version") != "13" {
		return apierrors.NewBadRequest("this is a byte stream: it is opened as a websocket, version 13")
	}
	return nil
}

// relay upgrades the connection and copies both ways until one side ends. Each
// direction holds one piece at a time, so a slow reader slows the writer down.
func relay(w http.ResponseWriter, r *http.Request, guest byteStream, pace pace) error {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return fmt.Errorf("upgrading to a websocket: %w", err)
	}
	defer conn.Close()
	clientEnded, clientLost := make(chan error, 1), make(chan error, 1)
	guestEnded, done := make(chan error, 2), make(chan struct{})
	defer close(done)
	client := newLifeline(conn, pace)
	go func() { clientEnded <- toGuest(client, guest, guestEnded) }()
	go func() { guestEnded <- fromGuest(client, guest) }()
	go func() {
		if err := client.ask(done); err != nil {
			clientLost <- fmt.Errorf("asking whether the client is there: %w", err)
		}
	}()
	select {
	case err = <-clientLost:
		return err
	case err = <-clientEnded:
		hangUp(guest, guestEnded)
		return err
	case err = <-guestEnded:
	}
	farewell(conn, err)
	// A connection that is closed before all has been read is reset, and what is
	// still on its way to the client gets lost.
	client.end(closeTimeout)
	select {
	case <-clientEnded:
	case <-time.After(closeTimeout):
	}
	return err
}

// hangUp gives the guest time to take what the client has sent before it left.
func hangUp(guest byteStream, ended <-chan error) {
	if err := guest.CloseSend(); err != nil {
		return
	}
	select {
	case <-ended:
	case <-time.After(closeTimeout):
	}
}

// toGuest passes the client's messages on until the client ends. When the guest takes
// nothing any more it goes on reading.
func toGuest(client *lifeline, guest byteStream, broken chan<- error) error {
	var refused error
	send := func(piece []byte) {
		if refused != nil {
			return
		}
		// A stream of the node says at its other end why it is over.
		if refused = guest.Send(&protocol.StreamChunk{Data: piece}); refused != nil && !errors.Is(refused, io.EOF) {
			broken <- fmt.Errorf("sending to the guest: %w", refused)
		}
	}
	limit, pass := int64(maxMessage), client.pieces
	if m, ok := guest.(messenger); ok && m.datagrams() {
		limit, pass = maxDatagram, client.datagram
	}
	client.conn.SetReadLimit(limit)
	for {
		client.listen()
		_, message, err := client.conn.NextReader()
		if err == nil {
			err = pass(message, send)
		}
		if err != nil {
			return fmt.Errorf("reading from the client: %w", err)
		}
	}
}

// pieces passes a message on as it comes in.
func (l *lifeline) pieces(message io.Reader, send func([]byte)) error {
	buffer := buffers.Get().(*buffer)
	defer buffers.Put(buffer)
	for {
		n, err := message.Read(buffer[:streamBuffer])
		if n > 0 {
			send(buffer[:n])
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.listen()
	}
}

// datagram passes a message on whole, be it empty.
func (l *lifeline) datagram(message io.Reader, send func([]byte)) error {
	buffer := buffers.Get().(*buffer)
	defer buffers.Put(buffer)
	n, err := io.ReadFull(message, buffer[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	send(buffer[:n])
	return nil
}

// fromGuest passes on what the guest sends until the guest ends. When the client takes
// nothing any more, it is left: the guest may still be taking what came from there.
func fromGuest(client *lifeline, guest byteStream) error {
	var gone error
	for {
		chunk, err := guest.Recv()
		if err != nil {
			return cmp.Or(gone, err)
		}
		if gone != nil {
			continue
		}
		if err := client.write(chunk.GetData()); err != nil {
			gone = fmt.Errorf("sending to the client: %w", err)
			client.end(closeTimeout)
		}
	}
}

// farewell tells the client why the stream ended.
func farewell(conn *websocket.Conn, err error) {
	code, reason := websocket.CloseNormalClosure, ""
	if err != nil && !errors.Is(err, io.EOF) {
		code, reason = websocket.CloseInternalServerErr, status.Convert(err).Message()
		if status.Code(err) == codes.Unavailable {
			reason = "the connection to the node of the guest was lost, open it again: " + reason
		}
		reason = strings.ToValidUTF8(reason[:min(len(reason), maxCloseReason)], "")
	}
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeTimeout))
}
