//go:build envtest

package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/apiserver"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/controller"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

var kube *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &kube, envtest.Aggregating) }

// One program does the work of both with the rights of its own account, and its one
// server answers for both.
func TestControlPlane(t *testing.T) {
	useProfile(t)
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: envtest.Namespace, Name: "kubevirt"}}
	create(t, kv)
	ask := start(t)

	eventually(t, "its health names the configuration", func() bool {
		return strings.Contains(ask("/healthz"), `"config-resource-version":"`+kv.ResourceVersion+`"`)
	})
	namespace := kube.NewNamespace(t)
	vm := builder.VM(namespace, "one", v1.RunStrategyAlways)
	create(t, vm)
	eventually(t, "a machine gets its launcher pod", func() bool {
		var pods corev1.PodList
		must(t, kube.Client.List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{v1.LabelComponent: v1.LauncherPod}))
		return len(pods.Items) == 1
	})
	lease := &coordinationv1.Lease{}
	must(t, kube.Client.Get(t.Context(), client.ObjectKey{Namespace: envtest.Namespace, Name: component.Controller}, lease))
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		t.Errorf("nobody holds virt-controller's Lease: %+v", lease.Spec)
	}
	if !strings.Contains(ask("/apis/subresources.kubevirt.io/v1/version"), "gitVersion") {
		t.Error("the API's version is not served")
	}
	metrics := ask("/metrics")
	for _, name := range []string{"registered_metrics_total", "controller_runtime_reconcile_total", "rest_client_requests_total", "go_goroutines"} {
		if n := strings.Count(metrics, "\n# TYPE "+name+" "); n != 1 {
			t.Errorf("metric %s is described %d times, want once", name, n)
		}
	}
}

// useProfile adds what the edge profile gives its account.
func useProfile(t *testing.T) {
	t.Helper()
	installation, err := component.New(&component.Config{Namespace: envtest.Namespace, Edge: true, ReadNetworks: true, ReadNamespaces: true}, nil)
	must(t, err)
	for _, object := range installation.Foundations {
		if err := kube.Client.Create(t.Context(), object.(client.Object)); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatalf("creating %T %s: %v", object, object.GetName(), err)
		}
	}
}

// start runs the program and returns a way to ask its server.
func start(t *testing.T) func(path string) string {
	t.Helper()
	authority, err := certificate.NewAuthority("kubevirt", time.Now(), time.Hour)
	must(t, err)
	name := component.APIService + "." + envtest.Namespace + ".svc"
	pair, err := authority.Issue(certificate.Request{
		CommonName: name, DNSNames: []string{name}, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, time.Now(), time.Hour)
	must(t, err)
	directory := t.TempDir()
	for file, content := range map[string][]byte{"tls.crt": pair.CertificatePEM, "tls.key": pair.KeyPEM} {
		must(t, os.WriteFile(filepath.Join(directory, file), content, 0o600))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	o := Options{
		API: apiserver.Options{
			Namespace: envtest.Namespace, Address: address, CertDir: directory,
			Kubeconfig: kube.Kubeconfig(t, component.ControlPlaneAccount), Log: logging.New("virt-api", 0),
		},
		Controller: controller.Options{Namespace: envtest.Namespace, LauncherImage: "launcher:1", Log: logging.New("virt-controller", 0)},
	}
	go func() { done <- Run(ctx, kube.As(component.ControlPlaneAccount, "", nil), o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the control plane: %v", err)
		}
	})
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate)
	own := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS13}}}
	return func(path string) string {
		response, err := own.Get("https://" + address + path)
		if err != nil {
			return ""
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		must(t, err)
		return string(body)
	}
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	must(t, kube.Client.Create(t.Context(), object))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not reached: %s", what)
		}
	}
}
