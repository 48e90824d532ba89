package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

const (
	// streamProtocol is the websocket sub-protocol of every byte stream.
	streamProtocol   = "plain.kubevirt.io"
	handshakeTimeout = 10 * time.Second
	// closeTimeout bounds the farewell to a server that no longer reads.
	closeTimeout = time.Second
)

// Stream opens the byte stream of a subresource, e.g. console of an instance.
// A refusal comes back as the API's status error.
func (c *Client) Stream(ctx context.Context, resource, name, subresource string) (io.ReadWriteCloser, error) {
	return c.StreamWith(ctx, resource, name, subresource, nil)
}

// StreamWith is Stream with a query. The stream ends with the context, and is a
// PacketReader too.
func (c *Client) StreamWith(ctx context.Context, resource, name, subresource string, query url.Values) (io.ReadWriteCloser, error) {
	stream, err := c.dial(ctx, c.request(http.MethodGet, resource, name, subresource, query).URL())
	if err != nil {
		return nil, c.Explain(ctx, err, resource, name, subresource)
	}
	return stream, nil
}

// PacketReader is a stream whose messages have bounds that matter.
type PacketReader interface {
	// ReadPacket returns the next whole message.
	ReadPacket() ([]byte, error)
}

func (c *Client) dial(ctx context.Context, target *url.URL) (*wsStream, error) {
	dialer := &wsDialer{}
	wrapped, err := c.authenticated(dialer)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, websocketURL(target), nil)
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	response, err := wrapped.RoundTrip(request)
	if err == nil {
		return newStream(ctx, dialer.conn), nil
	}
	if response != nil {
		return nil, statusOf(response, err)
	}
	return nil, err
}

// authenticated wraps the dialer so that it sees requests with the credentials
// of the kubeconfig already in their headers.
func (c *Client) authenticated(dialer *wsDialer) (http.RoundTripper, error) {
	tls, err := rest.TLSConfigFor(c.config)
	if err != nil {
		return nil, fmt.Errorf("reading the TLS settings of the kubeconfig: %w", err)
	}
	proxy := http.ProxyFromEnvironment
	if c.config.Proxy != nil {
		proxy = c.config.Proxy
	}
	dialer.Dialer = websocket.Dialer{
		TLSClientConfig: tls, Proxy: proxy,
		HandshakeTimeout: handshakeTimeout, Subprotocols: []string{streamProtocol},
	}
	return rest.HTTPWrappersForConfig(c.config, dialer)
}

func websocketURL(u *url.URL) string {
	ws := *u
	ws.Scheme = "ws"
	if u.Scheme == "https" {
		ws.Scheme = "wss"
	}
	return ws.String()
}

// wsDialer is the innermost round tripper: it dials with the request's headers.
type wsDialer struct {
	websocket.Dialer
	conn *websocket.Conn
}

func (d *wsDialer) RoundTrip(r *http.Request) (*http.Response, error) {
	conn, response, err := d.DialContext(r.Context(), r.URL.String(), r.Header)
	d.conn = conn
	return response, err
}

// saidSoFar finds the message of a status that is cut off somewhere.
var saidSoFar = regexp.MustCompile(`^\{"kind":"Status",.*?"message":("(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)("?)`)

// statusOf reads a refusal, of which the dialer keeps the first kilobyte.
func statusOf(response *http.Response, cause error) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the refusal: %w", err)
	}
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		return &apierrors.StatusError{ErrStatus: status}
	}
	if cut := saidSoFar.FindSubmatch(body); cut != nil && json.Unmarshal(append(cut[1], '"'), &status.Message) == nil {
		if len(cut[2]) == 0 {
			status.Message += "..."
		}
		status.Status, status.Code = metav1.StatusFailure, int32(response.StatusCode)
		return &apierrors.StatusError{ErrStatus: status}
	}
	if response.StatusCode == http.StatusSwitchingProtocols || response.StatusCode == http.StatusOK {
		return fmt.Errorf("opening a websocket: %w", cause)
	}
	return apierrors.NewGenericServerResponse(response.StatusCode, http.MethodGet, schema.GroupResource{}, "", string(body), 0, true)
}

// wsStream shows the binary messages of a websocket as a plain byte stream.
type wsStream struct {
	*websocket.Conn
	message io.Reader
	ctx     context.Context
	release func() bool
}

func newStream(ctx context.Context, conn *websocket.Conn) *wsStream {
	s := &wsStream{Conn: conn, ctx: ctx}
	s.release = context.AfterFunc(ctx, func() { _ = s.farewell() })
	return s
}

// Close tells the server that this was on purpose.
func (s *wsStream) Close() error {
	if s.release() {
		return s.farewell()
	}
	return nil
}

func (s *wsStream) farewell() error {
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	// The connection ends whether or not the server hears of it first.
	_ = s.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeTimeout))
	return s.Conn.Close()
}

// ReadPacket implements PacketReader.
func (s *wsStream) ReadPacket() ([]byte, error) {
	_, message, err := s.ReadMessage()
	if err != nil {
		return nil, s.end(err)
	}
	return message, nil
}

func (s *wsStream) Read(p []byte) (int, error) {
	for {
		if s.message == nil {
			_, message, err := s.NextReader()
			if err != nil {
				return 0, s.end(err)
			}
			s.message = message
		}
		n, err := s.message.Read(p)
		if errors.Is(err, io.EOF) {
			s.message, err = nil, nil
		}
		if err != nil {
			return n, s.end(err)
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (s *wsStream) Write(p []byte) (int, error) {
	if err := s.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, s.end(err)
	}
	return len(p), nil
}

// end is why the stream is over: io.EOF for an orderly close, else the reason that
// the server gave.
func (s *wsStream) end(err error) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return streamEnd(err)
}

func streamEnd(err error) error {
	var closed *websocket.CloseError
	switch {
	case !errors.As(err, &closed), closed.Code == websocket.CloseAbnormalClosure:
		return fmt.Errorf("the connection was lost: %w", err)
	case closed.Code == websocket.CloseNormalClosure:
		return io.EOF
	case closed.Text != "":
		return errors.New(closed.Text)
	}
	return fmt.Errorf("the connection was closed: %w", err)
}
