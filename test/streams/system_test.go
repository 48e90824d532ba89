//go:build process

// Package streams puts load and abuse on the whole path of a byte stream: websocket
// clients, virt-api as it runs in a cluster, gRPC over mutual TLS, the server of
// virt-handler, unix sockets in launcher pods. Only the API server and the
// hypervisor's ends of the sockets are played.
package streams

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/apiserver"
	"kubevirt.io/kubevirt/internal/certificate"
)

const (
	installNamespace = "kubevirt"
	// aggregator is the common name that kube-apiserver comes with.
	aggregator = "front-proxy-client"
	// apiClient is virt-api's identity towards virt-handlers.
	apiClient   = "kubevirt.io:system:client:virt-handler"
	handlerName = "virt-handler"
	apiName     = "virt-api"
	// maxNodes is how many virt-handlers the API server knows; tests make the nodes
	// as they need them.
	maxNodes = 30
	// patience bounds everything that is expected to happen at once.
	patience = 20 * time.Second
)

// TestStreams runs every load against one virt-api, as in a cluster.
func TestStreams(t *testing.T) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	log.SetLogger(logr.Discard())
	s := newSystem(t)
	lost := s.lose(t)
	n := s.newNode(t, many)
	t.Run("two hundred at once", n.atOnce)
	t.Run("idle", n.idle)
	t.Run("slow reader", s.slowReader)
	t.Run("malformed frames", s.malformedFrames)
	t.Run("oversized messages", s.oversizedMessages)
	t.Run("no websocket", s.noWebsocket)
	t.Run("oversized bodies", s.oversizedBodies)
	t.Run("take over", s.takeOver)
	t.Run("take over from one who types", s.takeOverFromTyping)
	t.Run("take over from one who is stuck", s.takeOverFromStuck)
	t.Run("restart of virt-handler", s.handlerRestart)
	t.Run("burst and gone", s.burstAndGone)
	t.Run("last words", s.lastWords)
	t.Run("half-open client", lost.clientGivenUp)
	t.Run("half-open node", lost.nodeGivenUp)
	t.Run("half-open viewer", lost.displayGivenUp)
}

// system is everything that the loads share: Kubernetes, virt-api and certificates.
type system struct {
	kubernetes *kubernetes
	// address is virt-api's, handlerPort every node's.
	address     string
	handlerPort int
	// certificates holds a directory per identity, and ca-bundle.
	certificates string
	// caller is how kube-apiserver comes to virt-api.
	caller *tls.Config
	nodes  atomic.Int32
	// holder is the program of holder/.
	holder string
}

func newSystem(t *testing.T) *system {
	t.Helper()
	scheme := runtime.NewScheme()
	must(t, clientgoscheme.AddToScheme(scheme))
	must(t, v1.AddToScheme(scheme))
	s := &system{kubernetes: newKubernetes(scheme), certificates: t.TempDir(), holder: buildHolder(t)}
	t.Cleanup(s.kubernetes.web.Close)
	s.issueCertificates(t)
	s.kubernetes.put(t, trust(t, s.bundle()))
	for i := range maxNodes {
		s.kubernetes.put(t, handlerPod(i+1))
	}
	s.address, s.handlerPort = net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t))), freePort(t)
	s.startAPI(t)
	return s
}

// startAPI runs virt-api as its command does, and waits until it serves.
func (s *system) startAPI(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- apiserver.Run(ctx, &rest.Config{Host: s.kubernetes.web.URL}, apiserver.Options{
			Namespace: installNamespace, Address: s.address, CertDir: s.identity(apiName),
			HandlerCertDir: s.identity(apiClient), HandlerPort: s.handlerPort, CAFile: s.bundle(),
			Kubeconfig: s.kubernetes.kubeconfig(t), Log: logr.Discard(),
		})
	}()
	t.Cleanup(func() {
		s.kubernetes.web.CloseClientConnections()
		stop()
		<-ended
	})
	web := http.Client{Transport: &http.Transport{TLSClientConfig: s.caller, DisableKeepAlives: true}}
	eventually(t, "virt-api serves", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("virt-api has ended: %v", err)
		default:
		}
		response, err := web.Get("https://" + s.address + "/healthz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

func (s *system) bundle() string { return filepath.Join(s.certificates, "ca-bundle") }

// identity is the directory with a component's certificate.
func (s *system) identity(name string) string { return filepath.Join(s.certificates, name) }

func (s *system) issueCertificates(t *testing.T) {
	t.Helper()
	authority, err := certificate.NewAuthority("test", time.Now(), time.Hour)
	must(t, err)
	must(t, os.WriteFile(s.bundle(), authority.CertificatePEM, 0o600))
	for _, name := range []string{apiName, handlerName, apiClient, aggregator} {
		pair, err := authority.Issue(certificate.Request{
			CommonName: name, DNSNames: []string{name},
			Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}, time.Now(), time.Hour)
		must(t, err)
		must(t, os.Mkdir(s.identity(name), 0o700))
		must(t, os.WriteFile(filepath.Join(s.identity(name), "tls.crt"), pair.CertificatePEM, 0o600))
		must(t, os.WriteFile(filepath.Join(s.identity(name), "tls.key"), pair.KeyPEM, 0o600))
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(s.identity(aggregator), "tls.crt"), filepath.Join(s.identity(aggregator), "tls.key"))
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(authority.Certificate)
	s.caller = &tls.Config{Certificates: []tls.Certificate{own}, RootCAs: pool, ServerName: apiName}
}

// nodeAddress is a loopback address per node: all virt-handlers have one port.
func nodeAddress(number int) string { return fmt.Sprintf("127.0.1.%d", number) }

func nodeName(number int) string { return fmt.Sprintf("node-%d", number) }

func handlerPod(number int) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: installNamespace, Name: handlerName + "-" + strconv.Itoa(number),
			Labels: map[string]string{v1.LabelComponent: handlerName},
		},
		Spec:   corev1.PodSpec{NodeName: nodeName(number)},
		Status: corev1.PodStatus{PodIP: nodeAddress(number)},
	}
}

func buildHolder(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "holder")
	if out, err := exec.Command("go", "build", "-o", program, "./holder").CombinedOutput(); err != nil {
		t.Fatalf("building the holder: %v\n%s", err, out)
	}
	return program
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition that nothing announces.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !within(patience, condition) {
		t.Fatalf("not within %s: %s", patience, what)
	}
}

// within tells whether a condition comes true in time.
func within(limit time.Duration, condition func() bool) bool {
	for deadline := time.Now().Add(limit); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
