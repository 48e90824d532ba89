package envtest

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// proxyName is who the API server is when it hands a request on.
const proxyName = "front-proxy-client"

// Aggregating has the API server hand requests on to other API servers, with the
// identity by which those know it.
func Aggregating(c *Cluster) error {
	if err := apiregistrationv1.AddToScheme(c.Scheme); err != nil {
		return fmt.Errorf("registering the kind APIService: %w", err)
	}
	var err error
	if c.directory, err = os.MkdirTemp("", "envtest-aggregation-"); err != nil {
		return fmt.Errorf("making a directory for certificates: %w", err)
	}
	authority, err := certificate.NewAuthority("front-proxy", time.Now(), time.Hour)
	if err != nil {
		return fmt.Errorf("making the front proxy's authority: %w", err)
	}
	pair, err := authority.Issue(certificate.Request{
		CommonName: proxyName, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, time.Now(), time.Hour)
	if err != nil {
		return fmt.Errorf("making the front proxy's certificate: %w", err)
	}
	flags := c.environment.ControlPlane.GetAPIServer().Configure()
	for flag, content := range map[string][]byte{
		"requestheader-client-ca-file": authority.CertificatePEM,
		"proxy-client-cert-file":       pair.CertificatePEM,
		"proxy-client-key-file":        pair.KeyPEM,
	} {
		path := filepath.Join(c.directory, flag)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("writing the front proxy's files: %w", err)
		}
		flags.Set(flag, path)
	}
	flags.Set("requestheader-allowed-names", proxyName).
		Set("requestheader-username-headers", "X-Remote-User").
		Set("requestheader-group-headers", "X-Remote-Group").
		Set("requestheader-extra-headers-prefix", "X-Remote-Extra-")
	return nil
}

// Aggregate hands our aggregated API to who serves it on a port of this machine with
// a certificate that ca vouches for. There is no cluster network here, so the Service
// is a name for this machine.
func (c *Cluster) Aggregate(t *testing.T, port int32, ca []byte) {
	t.Helper()
	ctx := context.Background()
	installation, err := component.New(&component.Config{Namespace: Namespace, CABundle: ca}, nil)
	if err != nil {
		t.Fatalf("computing the installation: %v", err)
	}
	service := &corev1.Service{}
	service.Namespace, service.Name = Namespace, component.APIService
	if err := c.Client.Delete(ctx, service); err != nil {
		t.Fatalf("removing the Service: %v", err)
	}
	service.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}
	if err := c.Client.Create(ctx, service); err != nil {
		t.Fatalf("creating the Service: %v", err)
	}
	for _, object := range installation.Aggregation {
		api := object.(*apiregistrationv1.APIService)
		api.Spec.Service.Port = &port
		if err := c.Client.Create(ctx, api); err != nil {
			t.Fatalf("creating APIService %s: %v", api.Name, err)
		}
		c.until(t, api.Name+" is available", func() bool {
			for _, condition := range api.Status.Conditions {
				if condition.Type == apiregistrationv1.Available && condition.Status == apiregistrationv1.ConditionTrue {
					return true
				}
			}
			if err := c.Client.Get(ctx, client.ObjectKeyFromObject(api), api); err != nil {
				t.Fatalf("reading APIService %s: %v", api.Name, err)
			}
			return false
		})
	}
}

// Kubeconfig writes a file by which a program is one of our service accounts.
func (c *Cluster) Kubeconfig(t *testing.T, account string) string {
	t.Helper()
	config := c.As(account, "", nil)
	user := clientcmdapi.NewAuthInfo()
	user.ClientCertificateData, user.ClientKeyData = config.CertData, config.KeyData
	user.Impersonate, user.ImpersonateGroups = config.Impersonate.UserName, config.Impersonate.Groups
	server := clientcmdapi.NewCluster()
	server.Server, server.CertificateAuthorityData = config.Host, config.CAData
	file := clientcmdapi.NewConfig()
	file.AuthInfos["it"], file.Clusters["it"] = user, server
	file.Contexts["it"], file.CurrentContext = &clientcmdapi.Context{AuthInfo: "it", Cluster: "it"}, "it"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*file, path); err != nil {
		t.Fatalf("writing a kubeconfig: %v", err)
	}
	return path
}
