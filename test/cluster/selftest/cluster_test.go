//go:build cluster

package selftest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubevirt.io/kubevirt/test/cluster/audit"
)

func TestNodes(t *testing.T) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name   string
				Labels map[string]string
			}
			Status struct {
				Addresses   []struct{ Type, Address string }
				Allocatable map[string]string
				NodeInfo    struct{ KubeletVersion, BootID, MachineID string }
			}
		}
	}
	if err := json.Unmarshal([]byte(must(t)(kubectl("get", "nodes", "-o=json"))), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 2 {
		t.Fatalf("%d nodes, want 2", len(list.Items))
	}
	for i, n := range list.Items {
		if want := cluster.Nodes()[i]; n.Metadata.Name != want.Name || n.Status.Addresses[0].Address != want.IPv4 || n.Status.Addresses[1].Address != want.IPv6 {
			t.Errorf("node %s has addresses %v, want %s and %s", n.Metadata.Name, n.Status.Addresses, want.IPv4, want.IPv6)
		}
		for label := range n.Metadata.Labels {
			if strings.HasPrefix(label, "node-role.kubernetes.io/") {
				t.Errorf("%s has the label %s", n.Metadata.Name, label)
			}
		}
		if got := n.Status.Allocatable["example.com/fake"]; got != "8" {
			t.Errorf("%s offers %q fake devices, want 8", n.Metadata.Name, got)
		}
		special := n.Metadata.Name == "node02"
		if got := n.Status.Allocatable["hugepages-2Mi"]; special != (got != "" && got != "0") {
			t.Errorf("%s offers huge pages: %q", n.Metadata.Name, got)
		}
	}
	a, b := list.Items[0].Status.NodeInfo, list.Items[1].Status.NodeInfo
	if a.BootID == b.BootID || a.MachineID == b.MachineID {
		t.Errorf("the nodes share a boot or machine ID: %v %v", a, b)
	}
}

func TestNetwork(t *testing.T) {
	one, two := pod{name: "net-one", node: "node01"}, pod{name: "net-two", node: "node02"}
	apply(t, `apiVersion: v1
kind: Service
metadata: {name: net-service}
spec: {ipFamilyPolicy: RequireDualStack, selector: {name: net-two}, ports: [{port: 80, targetPort: 8080}]}
`)
	one.run(t)
	two.run(t)
	field := func(kind, name, path string) string {
		return must(t)(kubectl("get", kind, name, "-o=jsonpath={"+path+"}"))
	}
	urls := []string{
		"http://" + field("pod", two.name, ".status.podIPs[0].ip") + ":8080",
		"http://[" + field("pod", two.name, ".status.podIPs[1].ip") + "]:8080",
		"http://" + field("service", "net-service", ".spec.clusterIPs[0]"),
		"http://[" + field("service", "net-service", ".spec.clusterIPs[1]") + "]",
		"http://net-service.default.svc.cluster.local",
		"http://net-service",
	}
	// From a pod of the other node, and from the pod behind the Service itself.
	for _, url := range urls {
		for _, from := range []pod{one, two} {
			eventually(t, 5*time.Second, func() error {
				out, err := from.try("get", url)
				if err == nil && strings.TrimSpace(out) != "I am net-two" {
					err = fmt.Errorf("%s from %s: %q", url, from.name, out)
				}
				return err
			})
		}
	}
	if out, err := one.try("lookup", "example.com"); err == nil {
		t.Errorf("a name outside the cluster has addresses: %s", out)
	}
	if out, err := one.try("get", "http://192.0.2.1/"); err == nil || !strings.Contains(err.Error(), "unreachable") {
		t.Errorf("there is a way out: %q, %v", out, err)
	}
	// The API server reaches Services.
	if out := must(t)(kubectl("get", "--raw", "/api/v1/namespaces/default/services/net-service:80/proxy/")); out != "I am net-two" {
		t.Errorf("through the API server: %q", out)
	}
}

func TestStreams(t *testing.T) {
	for _, node := range []string{"node01", "node02"} {
		t.Run(node, func(t *testing.T) {
			p := pod{name: "streams-" + node, node: node}
			p.run(t)
			if out := must(t)(kubectl("logs", p.name)); out != "serving as "+p.name {
				t.Errorf("the log says %q", out)
			}
			if out := p.exec(t, "env"); !strings.Contains(out, "KUBERNETES_SERVICE_HOST=") {
				t.Errorf("the environment is %q", out)
			}
			forward(t, p)
		})
	}
}

// forward asks the pod through kubectl port-forward.
func forward(t *testing.T, p pod) {
	cmd := exec.Command(filepath.Join(source, "../../hack/kubectl.sh"), "port-forward", p.name, ":8080")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(line, "Forwarding from 127.0.0.1:%d", &port); err != nil {
		t.Fatalf("port-forward says %q: %v", line, err)
	}
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || strings.TrimSpace(string(body)) != "I am "+p.name {
		t.Errorf("the forwarded port says %q, %v", body, err)
	}
}

func TestAudit(t *testing.T) {
	since := time.Now().Format(time.RFC3339Nano)
	name := "audit-test"
	must(t)(kubectl("create", "configmap", name, "--as=somebody", "--as-group=system:masters"))
	if _, err := kubectl("create", "configmap", name, "--as=somebody", "--as-group=system:masters"); err == nil {
		t.Error("a second object of the name was created")
	}
	must(t)(kubectl("delete", "configmap", name))
	var counts []audit.Count
	// Requests on somebody's behalf count as the administrator's.
	out := must(t)(cli("audit", "--json", "--writes", "--no-leases", "--user=kubernetes-admin", "--since", since))
	if err := json.Unmarshal([]byte(out), &counts); err != nil {
		t.Fatal(err)
	}
	want := map[string]audit.Count{
		"create": {User: "kubernetes-admin", Verb: "create", Resource: "configmaps", Count: 2, Conflicts: 1, Failed: 1},
		"delete": {User: "kubernetes-admin", Verb: "delete", Resource: "configmaps", Count: 1},
	}
	for _, c := range counts {
		if c != want[c.Verb] {
			t.Errorf("counted %+v", c)
		}
		delete(want, c.Verb)
	}
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}
