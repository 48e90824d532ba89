package virtctl

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// objects are what the fake cluster has, by the path of their list.
var objects = map[string][]string{
	"/apis/kubevirt.io/v1/namespaces/default/virtualmachines":                   {"stopped", "web"},
	"/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances":           {"web"},
	"/apis/kubevirt.io/v1/namespaces/shop/virtualmachines":                      {"till"},
	"/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancereplicasets": {"farm"},
	"/api/v1/namespaces": {"default", "shop"},
}

func fakeCluster(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		names, known := objects[r.URL.Path]
		if !known || !strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList") {
			http.NotFound(w, r)
			return
		}
		list := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"}}
		for _, name := range names {
			list.Items = append(list.Items, metav1.PartialObjectMetadata{
				TypeMeta:   metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"},
				ObjectMeta: metav1.ObjectMeta{Name: name},
			})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(list)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestCompletion asks the command tree as the shell's scripts do.
func TestCompletion(t *testing.T) {
	address := fakeCluster(t)
	kubeconfig := filepath.Join(t.TempDir(), "config")
	config := "apiVersion: v1\nkind: Config\nclusters: [{name: lab, cluster: {server: " + address + "}}]\n" +
		"contexts: [{name: home, context: {cluster: lab}}, {name: away, context: {cluster: lab, namespace: shop}}]\ncurrent-context: home\n"
	if err := os.WriteFile(kubeconfig, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", kubeconfig)
	for _, tc := range []struct{ line, want string }{
		{"start |", "stopped web"},
		{"start w|", "web"},
		{"start web |", ""},
		{"start -n shop |", "till"},
		{"start --context away |", "till"},
		{"console |", "web"},
		{"guestosinfo |", "web"},
		{"pause |", "vm vmi"},
		{"pause vm |", "stopped web"},
		{"pause vmi |", "web"},
		{"pause pod |", ""},
		{"pause VirtualMachines |", "stopped web"},
		{"explain |", "vm"},
		{"explain vm |", "stopped web"},
		{"explain vmi web |", ""},
		{"usbredir |", ""},
		{"usbredir 0951:1666 |", "web"},
		{"usbredir 0951:1666 web |", ""},
		{"usbredir --no-launch |", "web"},
		{"usbredir --no-launch web |", ""},
		{"expose |", "--name vmi vm vmirs"},
		{"expose vmirs |", "--name farm"},
		{"expose vm web --type |", "ClusterIP NodePort LoadBalancer"},
		{"ssh |", "vm/ vmi/"},
		{"ssh vm/|", "vm/stopped vm/web"},
		{"ssh root@vm/|", "root@vm/stopped root@vm/web"},
		{"scp file vmi/|", "vmi/web:"},
		{"guest cp |", "web:"},
		{"guest exec |", "web"},
		{"migrate |", ""},
		{"version |", ""},
		{"start --namespace |", "default shop"},
		{"start --context |", "away home"},
		{"start --cluster |", "lab"},
		{"objectgraph web -o |", "json yaml"},
		{"create vm --run-strategy |", "Always RerunOnFailure Manual Once Halted"},
		{"adm |", "log-verbosity"},
		{"vnc web --vnc-type |", "remote-viewer tiger real chicken"},
	} {
		for _, program := range []string{"virtctl", "kubectl-virt"} {
			if got := suggestions(t, program, tc.line); got != tc.want {
				t.Errorf("%s %s: suggests %q, want %q", program, tc.line, got, tc.want)
			}
		}
	}
}

// suggestions for what is typed up to the bar, without their descriptions.
func suggestions(t *testing.T, program, line string) string {
	t.Helper()
	typed := strings.Split(strings.TrimSuffix(line, "|"), " ")
	out, err := printed(t, program, append([]string{"__complete"}, typed...)...)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	var words []string
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, ":") {
			break
		}
		word, _, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(word, typed[len(typed)-1]) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// TestCompletionWithoutCluster must be neither loud nor slow.
func TestCompletionWithoutCluster(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	for _, server := range []string{"http://127.0.0.1:1", silent.URL} {
		began := time.Now()
		if got := suggestions(t, "virtctl", "start --server "+server+" |"); got != "" {
			t.Errorf("suggests %q", got)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		for program, name := range map[string]string{"virtctl": "virtctl", "/bin/kubectl-virt": "kubectl-virt"} {
			out := script(t, program, shell)
			if !strings.Contains(out, name) || !strings.Contains(out, "__complete") {
				t.Errorf("%s %s: %d bytes", program, shell, len(out))
			}
		}
	}
	if out, err := printed(t, "kubectl-virt", "completion", "--help"); err != nil || !strings.Contains(out, "kubectl_complete-virt") {
		t.Errorf("printed %q, %v", out, err)
	}
}

// script is printed to standard output, wherever a command's output goes.
func script(t *testing.T, program, shell string) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = file
	if _, err := printed(t, program, "completion", shell); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
