//go:build envtest

package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientdiscovery "k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/test/envtest"
)

// kube is the API server in front.
var kube *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &kube, envtest.Aggregating) }

// TestAggregated runs virt-api with its own rights behind a real kube-apiserver.
func TestAggregated(t *testing.T) {
	namespace := kube.NewNamespace(t)
	for _, role := range []string{"admin", "edit", "view"} {
		bind(t, namespace, role)
	}
	direct := serve(t)
	t.Run("discovery", discovers)
	t.Run("rights", func(t *testing.T) { grants(t, namespace) })
	t.Run("unauthenticated", func(t *testing.T) { admitsNobody(t, namespace, direct) })
	t.Run("OpenAPI", describes)
	t.Run("configuration", func(t *testing.T) { followsConfiguration(t, direct) })
}

// bind gives the user of a role's name that role in a namespace.
func bind(t *testing.T, namespace, role string) {
	t.Helper()
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "kubevirt.io:" + role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: role}},
	}
	if err := kube.Client.Create(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
}

// address is how to reach virt-api without the API server.
type address struct {
	url    string
	client *http.Client
	log    logr.Logger
}

// serve starts virt-api and registers it.
func serve(t *testing.T) address {
	t.Helper()
	authority, err := certificate.NewAuthority("kubevirt", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	name := component.APIService + "." + envtest.Namespace + ".svc"
	pair, err := authority.Issue(certificate.Request{
		CommonName: name, DNSNames: []string{name}, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for file, content := range map[string][]byte{"tls.crt": pair.CertificatePEM, "tls.key": pair.KeyPEM} {
		if err := os.WriteFile(filepath.Join(directory, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().(*net.TCPAddr)
	_ = listener.Close()

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	log := logging.New("virt-api", 0)
	go func() {
		done <- Run(ctx, kube.As(component.APIAccount, "", nil), Options{
			Namespace: envtest.Namespace, Address: at.String(), CertDir: directory,
			Kubeconfig: kube.Kubeconfig(t, component.APIAccount), Log: log,
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("virt-api: %v", err)
		}
	})
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate)
	a := address{"https://" + at.String(), &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS13},
	}}, log}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := a.client.Get(a.url + "/readyz")
		if err == nil {
			_ = response.Body.Close()
		}
		if err == nil && response.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("virt-api does not serve: %v", err)
		}
	}
	kube.Aggregate(t, int32(at.Port), authority.CertificatePEM)
	return a
}

// discovers compares what clients are told, in both ways of asking. The API server
// gathers the one in its own time.
func discovers(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			problem := misses(t, legacy)
			if problem == "" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("legacy %t: %s", legacy, problem)
			}
		}
	}
}

func misses(t *testing.T, legacy bool) string {
	t.Helper()
	client, err := clientdiscovery.NewDiscoveryClientForConfig(as("nobody"))
	if err != nil {
		t.Fatal(err)
	}
	client.UseLegacyDiscovery = legacy
	groups, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		return err.Error()
	}
	if !slices.ContainsFunc(groups, func(g *metav1.APIGroup) bool {
		return g.Name == Group && g.PreferredVersion.Version == "v1" && len(g.Versions) == len(Versions)
	}) {
		return "the group is not there as it should be"
	}
	for _, v := range Versions {
		want, got := namesOf(resourceList(v)), ""
		for _, list := range lists {
			if list.GroupVersion == Group+"/"+v {
				got = namesOf(list)
			}
		}
		if got != want {
			return v + " has " + got + "\nwant " + want
		}
	}
	return ""
}

func namesOf(list *metav1.APIResourceList) string {
	var names []string
	for _, r := range list.APIResources {
		names = append(names, r.Name+strings.Join(r.Verbs, "+"))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// describes looks for our part of what the API server publishes. It fetches that in
// its own time.
func describes(t *testing.T) {
	client := httpClient(t, kube.Config)
	fetch := func(path string, complete func([]byte) bool) {
		for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			code, body := demand(t, client, http.MethodGet, kube.Config.Host, path, nil)
			if code == http.StatusOK && complete(body) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %d, and we are not described", path, code)
			}
		}
	}
	for _, v := range Versions {
		fetch("/openapi/v3/apis/"+Group+"/"+v, func(body []byte) bool {
			var document struct {
				Paths      map[string]any
				Components struct{ Schemas map[string]any }
			}
			if err := json.Unmarshal(body, &document); err != nil {
				t.Fatal(err)
			}
			for i := range routes {
				if path := "/apis/" + Group + "/" + v + routes[i].path(); document.Paths[path] == nil {
					t.Errorf("version 3 does not describe %s", path)
				}
			}
			return document.Components.Schemas["io.kubevirt.subresources.v1.StopOptions"] != nil
		})
	}
	fetch("/openapi/v2", func(body []byte) bool {
		text := string(body)
		return strings.Contains(text, `"/apis/`+Group+`/v1/namespaces/{namespace}/virtualmachines/{name}/start"`) &&
			strings.Contains(text, `"/apis/`+Group+`/v1alpha3/version"`)
	})
}

// The rows that others than admin and edit may use, or only some of them.
var (
	forView = []string{
		"get virtualmachines/expand-spec", "update expand-vm-spec/", "get virtualmachines/objectgraph", "get virtualmachines/explain",
		"get virtualmachineinstances/objectgraph", "get virtualmachineinstances/guestosinfo", "get virtualmachineinstances/userlist",
		"get virtualmachineinstances/filesystemlist", "get virtualmachineinstances/sev/fetchcertchain",
		"get virtualmachineinstances/sev/querylaunchmeasurement",
	}
	forAdmin  = []string{"get virtualmachineinstances/vnc/screenshot"}
	forNobody = []string{
		"update virtualmachines/migrate", "get virtualmachineinstances/vsock",
		"update virtualmachineinstances/backup", "update virtualmachineinstances/redefine-checkpoint",
	}
)

func mayUse(user string, r *route) bool {
	right := rbacVerbs[r.method] + " " + r.resource + "/" + r.subresource
	switch {
	case slices.Contains(forNobody, right):
		return false
	case slices.Contains(forAdmin, right):
		return user == "admin"
	case slices.Contains(forView, right):
		return user == "admin" || user == "edit" || user == "view"
	}
	return user == "admin" || user == "edit"
}

// grants asks for every row of the table, in both versions, as an ordinary user. The
// objects do not exist: who may ask learns that, or something that comes before it.
func grants(t *testing.T, namespace string) {
	for _, user := range []string{"admin", "edit", "view", "nobody"} {
		client := httpClient(t, as(user))
		for i := range routes {
			r := &routes[i]
			for _, v := range Versions {
				path := strings.Replace(r.url(v), "/namespaces/ns/", "/namespaces/"+namespace+"/", 1)
				status := statusOf(t, client, r.method, kube.Config.Host, path, nil)
				if allowed := status.Code != http.StatusForbidden; allowed != mayUse(user, r) {
					t.Errorf("%s: %s %s: %d %s", user, r.method, path, status.Code, status.Message)
				}
				if r.feature != "" && mayUse(user, r) && status.Code != http.StatusNotImplemented {
					t.Errorf("%s: %s %s: %d %s, want 501", user, r.method, path, status.Code, status.Message)
				}
			}
		}
		// A role in one namespace is none in another.
		path := "/apis/" + Group + "/v1/namespaces/default/virtualmachines/myvm/start"
		if status := statusOf(t, client, http.MethodPut, kube.Config.Host, path, nil); status.Code != http.StatusForbidden {
			t.Errorf("%s in another namespace: %d %s", user, status.Code, status.Message)
		}
	}
}

// admitsNobody goes to virt-api itself without an identity, and with one that is
// only claimed.
func admitsNobody(t *testing.T, namespace string, direct address) {
	claimed := http.Header{"X-Remote-User": {"admin"}, "X-Remote-Group": {"system:masters"}}
	for _, header := range []http.Header{nil, claimed} {
		for _, v := range Versions {
			for i := range routes {
				r := &routes[i]
				path := strings.Replace(r.url(v), "/namespaces/ns/", "/namespaces/"+namespace+"/", 1)
				if code, body := demand(t, direct.client, r.method, direct.url, path, header); code != http.StatusForbidden {
					t.Errorf("%s %s: %d %s", r.method, path, code, body)
				}
			}
			for _, g := range groupRoutes {
				path := "/apis/" + Group + "/" + v + "/" + g.name
				if code, body := demand(t, direct.client, http.MethodGet, direct.url, path, header); (code == http.StatusOK) != g.open ||
					!g.open && code != http.StatusForbidden {
					t.Errorf("%s: %d %s", path, code, body)
				}
			}
		}
		for _, path := range []string{"/", "/apis", "/apis/" + Group, "/apis/" + Group + "/v1", "/openapi/v2", "/openapi/v3", "/debug/pprof/", "/logs"} {
			if code, body := demand(t, direct.client, http.MethodGet, direct.url, path, header); code != http.StatusForbidden {
				t.Errorf("%s: %d %.100s", path, code, body)
			}
		}
	}
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		if code, body := demand(t, direct.client, http.MethodGet, direct.url, path, nil); code != http.StatusOK {
			t.Errorf("%s: %d %.100s", path, code, body)
		}
	}
}

// as is an ordinary user of the cluster.
func as(user string) *rest.Config {
	config := rest.CopyConfig(kube.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	return config
}

func httpClient(t *testing.T, config *rest.Config) *http.Client {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func demand(t *testing.T, client *http.Client, method, host, path string, header http.Header) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(host, "/")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header.Clone()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// statusOf asks for what cannot succeed.
func statusOf(t *testing.T, client *http.Client, method, host, path string, header http.Header) metav1.Status {
	t.Helper()
	code, body := demand(t, client, method, host, path, header)
	var status metav1.Status
	if err := json.Unmarshal(body, &status); err != nil || status.Kind != "Status" || int(status.Code) != code {
		t.Errorf("%s %s: %d %.200s is no status error", method, path, code, body)
	}
	return status
}
