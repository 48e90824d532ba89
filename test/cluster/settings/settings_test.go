package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVersions holds the versions the programs report to what is built.
func TestVersions(t *testing.T) {
	for line, dir := range map[string]string{
		"k8s.io/kubernetes " + KubernetesVersion:                                 "kubernetes",
		"go.etcd.io/etcd/server/v3 " + EtcdVersion:                               "etcd",
		"github.com/containerd/containerd/v2 " + ContainerdVersion:               "containerd",
		"github.com/opencontainers/runc " + RuncVersion:                          "runc",
		"github.com/coredns/coredns " + CoreDNSVersion:                           "coredns",
		"github.com/operator-framework/operator-lifecycle-manager " + OLMVersion: "olminstall",
		"github.com/operator-framework/operator-registry " + OPMVersion:          "olminstall",
	} {
		data, err := os.ReadFile(filepath.Join("..", dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), line) {
			t.Errorf("%s/go.mod does not pin %s", dir, line)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("XDG_STATE_HOME", home+"/elsewhere")
	for name, test := range map[string]struct {
		env  map[string]string
		fail string
	}{
		"defaults":     {map[string]string{}, ""},
		"three nodes":  {map[string]string{"NUM_NODES": "3"}, ""},
		"no nodes":     {map[string]string{"NUM_NODES": "0"}, "NUM_NODES"},
		"bad name":     {map[string]string{"KUBEVIRT_CLUSTER": "a/b"}, "KUBEVIRT_CLUSTER"},
		"bad provider": {map[string]string{"KUBE_PROVIDER": "cloud"}, "KUBE_PROVIDER"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range []string{"KUBEVIRT_CLUSTER", "NUM_NODES", "KUBE_PROVIDER"} {
				t.Setenv(v, test.env[v])
			}
			c, err := FromEnvironment("/src")
			if test.fail != "" {
				if err == nil || !strings.Contains(err.Error(), test.fail) {
					t.Fatalf("want an error about %s, got %v", test.fail, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Cache != home+"/.cache/kubevirt-cluster" || c.State != home+"/elsewhere/kubevirt-cluster/kv" {
				t.Errorf("cache %s, state %s", c.Cache, c.State)
			}
			for _, n := range c.Nodes() {
				for _, link := range []string{n.Link, n.LANLink} {
					if len(link) > 15 {
						t.Errorf("link name %s is too long", link)
					}
				}
				if n.Special != (n.Name == "node02") {
					t.Errorf("%s special: %v", n.Name, n.Special)
				}
			}
		})
	}
}

// TestDistinct makes clusters with other names have other addresses, and all
// of them valid.
func TestDistinct(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	seen := map[string]string{}
	for _, name := range []string{"kv", "selftest", "t1"} {
		t.Setenv("KUBEVIRT_CLUSTER", name)
		c, err := FromEnvironment("/src")
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{c.BridgeIPv4(), c.BridgeIPv6(), c.ServiceIPv4(), c.Loopback(), c.PodCIDR()} {
			if other := seen[address]; other != "" {
				t.Errorf("%s and %s share %s", name, other, address)
			}
			seen[address] = name
		}
	}
}
