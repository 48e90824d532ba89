package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// streamProtocol is the websocket sub-protocol of every byte stream.
	streamProtocol   = "plain.kubevirt.io"
	handshakeTimeout = 10 * time.Second
	// maxStatus bounds the error body that is read when a handshake fails.
	maxStatus = 64 << 10
)

// Stream opens the byte stream of a subresource, e.g. console of an instance.
// A refusal comes back as the API's status error.
func (c *Client) Stream(ctx context.Context, resource, name, subresource string) (io.ReadWriteCloser, error) {
	target := c.verbs.Get().Namespace(c.Namespace).Resource(resource).Name(name).SubResource(subresource).URL()
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
		return &wsStream{Conn: dialer.conn}, nil
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

func statusOf(response *http.Response, cause error) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxStatus))
	if err != nil {
		return fmt.Errorf("reading the refusal: %w", err)
	}
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		return &apierrors.StatusError{ErrStatus: status}
	}
	return fmt.Errorf("%w: %s %s", cause, response.Status, body)
}

// wsStream shows the binary messages of a websocket as a plain byte stream.
type wsStream struct {
	*websocket.Conn
	message io.Reader
}

func (s *wsStream) Read(p []byte) (int, error) {
	for {
		if s.message == nil {
			_, message, err := s.NextReader()
			if err != nil {
				return 0, streamEnd(err)
			}
			s.message = message
		}
		n, err := s.message.Read(p)
		if errors.Is(err, io.EOF) {
			s.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (s *wsStream) Write(p []byte) (int, error) {
	if err := s.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// streamEnd turns an orderly close into io.EOF and keeps the reason of any other.
func streamEnd(err error) error {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		return err
	}
	if closed.Code == websocket.CloseNormalClosure {
		return io.EOF
	}
	if closed.Text != "" {
		return errors.New(closed.Text)
	}
	return fmt.Errorf("the connection was closed: %w", err)
}
