package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// handlerName is the name that every virt-handler's serving certificate has.
const handlerName = "virt-handler"

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
// long, and one that stalls must not hold up another.
func (h *handlers) open(ctx context.Context, node string, target *protocol.StreamTarget) (byteStream, error) {
	conn, err := h.connect(ctx, node)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	stream, err := protocol.NewHandlerClient(conn).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to the virt-handler of node %s: %w", node, err)
	}
	if err := stream.Send(&protocol.StreamChunk{Target: target}); err != nil {
		return nil, fmt.Errorf("asking the virt-handler of node %s: %w", node, err)
	}
	return stream, nil
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

func (h *handlers) connect(ctx context.Context, node string) (*grpc.ClientConn, error) {
	address, err := h.address(ctx, node)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := h.tls()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(credentials.NewTLS(tlsConfig)))
	if err != nil {
		return nil, fmt.Errorf("connecting to the virt-handler of node %s: %w", node, err)
	}
	return conn, nil
}

func (h *handlers) address(ctx context.Context, node string) (string, error) {
	var pods corev1.PodList
	if err := h.pods.List(ctx, &pods, client.InNamespace(h.namespace), client.MatchingLabels{v1.LabelComponent: handlerName}); err != nil {
		return "", fmt.Errorf("looking for the virt-handler of node %s: %w", node, err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Spec.NodeName == node && pod.DeletionTimestamp == nil && pod.Status.PodIP != "" {
			return net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(h.port)), nil
		}
	}
	return "", fmt.Errorf("%w on node %s", errNoHandler, node)
}

func (h *handlers) tls() (*tls.Config, error) {
	identity, err := tls.LoadX509KeyPair(filepath.Join(h.certDir, "tls.crt"), filepath.Join(h.certDir, "tls.key"))
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
