//go:build cluster

package selftest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSecondaryNetworks(t *testing.T) {
	apply(t, `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lan}
spec:
  config: |
    {"cniVersion": "1.0.0", "name": "lan", "type": "bridge", "bridge": "lan0",
     "capabilities": {"ips": true}, "ipam": {"type": "static"}}
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: bare}
spec:
  config: '{"cniVersion": "1.0.0", "name": "bare", "type": "macvlan", "master": "lan0"}'
`)
	one := pod{name: "lan-one", node: "node01", networks: `[{"name": "lan", "ips": ["192.0.2.1/24", "2001:db8::1/64"]}]`}
	two := pod{name: "lan-two", node: "node02", networks: `[{"name": "lan", "ips": ["192.0.2.2/24", "2001:db8::2/64"]}]`}
	one.run(t)
	two.run(t)
	for _, url := range []string{"http://192.0.2.2:8080", "http://[2001:db8::2]:8080"} {
		if out := one.exec(t, "get", url); out != "I am lan-two" {
			t.Errorf("%s answers %q", url, out)
		}
	}
	var status []struct{ Name, Interface string }
	path := `-o=jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}`
	annotation := must(t)(kubectl("get", "pod", one.name, path))
	err := json.Unmarshal([]byte(annotation), &status)
	if err != nil || len(status) != 2 || status[1].Name != "default/lan" || status[1].Interface != "net1" {
		t.Errorf("the pod's networks are said to be %s", annotation)
	}
	if _, err := one.try("get", "http://192.0.2.3:8080"); err == nil {
		t.Error("somebody answers for an address nobody has")
	}
	several := pod{name: "lan-several", node: "node01",
		networks: `[{"name": "bare"}, {"name": "lan", "interface": "second", "ips": ["192.0.2.9/24"]}]`}
	several.run(t)
	if out := several.exec(t, "ls", "/sys/class/net"); !strings.Contains(out, "net1") || !strings.Contains(out, "second") {
		t.Errorf("the pod has the interfaces %q", out)
	}
}

func TestNetworkPolicy(t *testing.T) {
	server := pod{name: "policy-server", node: "node01"}
	server.run(t)
	var urls []string
	for i, form := range []string{"http://%s:8080", "http://[%s]:8080"} {
		ip := must(t)(kubectl("get", "pod", server.name, fmt.Sprintf("-o=jsonpath={.status.podIPs[%d].ip}", i)))
		urls = append(urls, fmt.Sprintf(form, ip))
	}
	clients := map[pod]bool{}
	for _, node := range []string{"node01", "node02"} {
		clients[pod{name: "policy-friend-" + node, node: node, labels: ", role: friend"}] = true
		clients[pod{name: "policy-other-" + node, node: node}] = false
	}
	for client := range clients {
		client.run(t)
		for _, url := range urls {
			client.exec(t, "get", url)
		}
	}
	apply(t, `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: friends-only}
spec:
  podSelector: {matchLabels: {name: policy-server}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {role: friend}}}], ports: [{port: 8080}]}]
`)
	check := func(allowed func(pod) bool) {
		t.Helper()
		for client := range clients {
			for _, url := range urls {
				eventually(t, 20*time.Second, func() error {
					out, err := client.try("get", url)
					switch {
					case allowed(client):
						return err
					case err == nil:
						return fmt.Errorf("%s gets %q from %s", client.name, out, url)
					}
					return nil
				})
			}
		}
	}
	check(func(client pod) bool { return clients[client] })
	must(t)(kubectl("delete", "networkpolicy", "friends-only"))
	check(func(pod) bool { return true })
}
