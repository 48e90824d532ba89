package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/handler/protocol"
)

// handlerName is the name that every virt-handler's serving certificate has.
const handlerName = "virt-handler"

const (
	// openTimeout bounds the wait for a device; clients wait ten seconds for the
	// end of a handshake.
	openTimeout = 8 * time.Second
	// connBuffer is what a connection reads and writes at once; idle streams are many.
	connBuffer = 4 << 10
	// byNode is the index of the virt-handlers' pods.
	byNode = "spec.nodeName"
)

// errNoHandler tells that nobody on a node can be asked.
var errNoHandler = errors.New("no virt-handler runs")

// handlers reaches the virt-handlers of the cluster.
type handlers struct {
	// pods reads the virt-handlers' pods from a cache.
	pods      client.Reader
	namespace string
	port      int
	// certDir holds tls.crt and tls.key of our client identity, caFile who vouches
	// for the handlers. Both are read anew for each connection: they rotate.
	certDir, caFile string
}

// open implements streamer with one connection per stream: streams are few and
// long, and one that stalls must not hold up another. It returns once the device is
// open, or refused.
func (h *handlers) open(ctx context.Context, node string, target *protocol.StreamTarget) (byteStream, error) {
	conn, err := h.connect(ctx, node)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	limit := time.AfterFunc(openTimeout, cancel)
	stream, err := begin(ctx, protocol.NewHandlerClient(conn), target)
	if !limit.Stop() {
		err = status.Error(codes.DeadlineExceeded, "the virt-handler of node "+node+" did not open the device in time")
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return stream, nil
}

// begin asks for a device. The handler's header says that it is open; without one the
// stream's end says why it is not.
func begin(ctx context.Context, handler protocol.HandlerClient, target *protocol.StreamTarget) (byteStream, error) {
	stream, err := handler.Stream(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&protocol.StreamChunk{Target: target}); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if header, err := stream.Header(); err == nil && header != nil {
		return stream, nil
	}
	if _, err = stream.Recv(); err == nil || errors.Is(err, io.EOF) {
		err = status.Error(codes.FailedPrecondition, "the guest has ended")
	}
	return nil, err
}

// signal implements signaler.
func (h *handlers) signal(ctx context.Context, node string, request *protocol.SignalRequest) error {
	conn, err := h.connect(ctx, node)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = protocol.NewHandlerClient(conn).Signal(ctx, request)
	return err
}

// interview implements asker.
func (h *handlers) interview(ctx context.Context, node string) (interviewer, error) {
	conn, err := h.connect(ctx, node)
	if err != nil {
		return nil, err
	}
	return interview{conn}, nil
}

// interview is a connection over which a node is asked.
type interview struct{ *grpc.ClientConn }

func (i interview) ask(ctx context.Context, request *protocol.GuestRequest) ([]byte, error) {
	limit := grpc.MaxCallRecvMsgSize(protocol.MaxAnswer(request.GetQuestion()))
	response, err := protocol.NewHandlerClient(i).Guest(ctx, request, limit)
	return response.GetAnswer(), err
}

// connect prepares a connection. A node that has vanished without a word is given up
// after a while.
func (h *handlers) connect(ctx context.Context, node string) (*grpc.ClientConn, error) {
	address, err := h.address(ctx, node)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := h.tls()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(credentials.NewTLS(tlsConfig)),
		grpc.WithReadBufferSize(connBuffer), grpc.WithWriteBufferSize(connBuffer),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
	)
	if err != nil {
		return nil, fmt.Errorf("connecting to the virt-handler of node %s: %w", node, err)
	}
	return conn, nil
}

func (h *handlers) address(ctx context.Context, node string) (string, error) {
	var pods corev1.PodList
	if err := h.pods.List(ctx, &pods, client.InNamespace(h.namespace), client.MatchingFields{byNode: node}); err != nil {
		return "", fmt.Errorf("looking for the virt-handler of node %s: %w", node, err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.DeletionTimestamp == nil && pod.Status.PodIP != "" {
			return net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(h.port)), nil
		}
	}
	return "", fmt.Errorf("%w on node %s", errNoHandler, node)
}

func (h *handlers) tls() (*tls.Config, error) {
	certificate, key := filepath.Join(h.certDir, "tls.crt"), filepath.Join(h.certDir, "tls.key")
	identity, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		// They may have been exchanged between the reading of one and the other.
		identity, err = tls.LoadX509KeyPair(certificate, key)
	}
	if err != nil {
		return nil, fmt.Errorf("reading our client certificate: %w", err)
	}
	bundle, err := os.ReadFile(h.caFile)
	if err != nil {
		return nil, fmt.Errorf("reading the CA bundle: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, errors.New("the CA bundle holds no certificate")
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{identity}, RootCAs: pool, ServerName: handlerName,
	}, nil
}
