//go:build cluster

package selftest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestNodeAgent is what a node agent such as virt-handler relies on.
func TestNodeAgent(t *testing.T) {
	for _, node := range []string{"node01", "node02"} {
		t.Run(node, func(t *testing.T) {
			t.Parallel()
			p := pod{
				name: "agent-" + node, node: node, spec: "hostPID: true",
				extra: "{securityContext: {privileged: true}, volumeMounts: [" +
					"{name: kubelet, mountPath: /var/lib/kubelet, mountPropagation: Bidirectional}," +
					"{name: cgroup, mountPath: /sys/fs/cgroup}, {name: run, mountPath: /var/run/agent, mountPropagation: Bidirectional}]}",
				volumes: "[{name: kubelet, hostPath: {path: /var/lib/kubelet}}, {name: cgroup, hostPath: {path: /sys/fs/cgroup}}," +
					"{name: run, hostPath: {path: /var/run/agent, type: DirectoryOrCreate}}]",
			}
			p.extra = strings.NewReplacer("{securityContext", "securityContext", "}]}", "}]", "}, volumeMounts", "}\n    volumeMounts").Replace(p.extra)
			p.run(t)
			if out := p.exec(t, "ls", "/dev/net"); out != "tun" {
				t.Errorf("/dev/net has %q", out)
			}
			if out := p.exec(t, "ls", "/var/lib/kubelet/device-plugins"); !strings.Contains(out, "kubelet.sock") {
				t.Errorf("the device plugin directory has %q", out)
			}
			processes := p.exec(t, "ps")
			if n := strings.Count(processes, "/kubelet --config="); n != 1 || !strings.Contains(processes, "--hostname-override="+node) {
				t.Errorf("the agent sees %d kubelets", n)
			}
			// A mount made in the pod shows on the node.
			p.exec(t, "mount", "/var/run/agent/mounted")
			if out := must(t)(cli("ssh", node, "--", "grep", "-c", " /run/agent/mounted ", "/proc/self/mountinfo")); out == "0" {
				t.Error("a mount in the pod does not reach the node")
			}
			must(t)(cli("ssh", node, "--", "umount", "/run/agent/mounted"))
		})
	}
}

func TestResources(t *testing.T) {
	t.Run("huge pages and a CPU of its own", func(t *testing.T) {
		t.Parallel()
		p := pod{name: "special", node: "node02", extra: "resources: {limits: {cpu: 1, memory: 64Mi, hugepages-2Mi: 16Mi}}"}
		p.run(t)
		if out := p.exec(t, "cpus"); strings.ContainsAny(out, "-,") {
			t.Errorf("the pod may use CPUs %s", out)
		}
	})
	t.Run("fake devices", func(t *testing.T) {
		t.Parallel()
		p := pod{name: "devices", node: "node01", extra: "resources: {limits: {example.com/fake: 2}}"}
		p.run(t)
		out := p.exec(t, "env")
		_, ids, ok := strings.Cut(out, "EXAMPLE_COM_FAKE=")
		ids, _, _ = strings.Cut(ids, "\n")
		if !ok || len(strings.Split(ids, ",")) != 2 {
			t.Fatalf("the pod was given %q", ids)
		}
		for id := range strings.SplitSeq(ids, ",") {
			p.exec(t, "write", "/dev/"+id, "x")
		}
	})
}

func TestCutAndHeal(t *testing.T) {
	p := pod{name: "cut", node: "node02"}
	p.run(t)
	must(t)(cli("cut-node", "node02"))
	defer func() { must(t)(cli("heal-node", "node02")) }()
	// Everything on the node runs on.
	if out := must(t)(cli("ssh", "node02", "--", "ps", "ax")); !strings.Contains(out, "/probe serve") || !strings.Contains(out, "/kubelet") {
		t.Errorf("on the node run only:\n%s", out)
	}
	if _, err := kubectl("exec", p.name, "--request-timeout=2s", "--", "/probe", "env"); err == nil {
		t.Error("the node is still reached")
	}
	must(t)(kubectl("wait", "node", "node02", "--for=condition=Ready=Unknown", "--timeout=90s"))
	if out := must(t)(cli("status")); !strings.Contains(out, "cut off") {
		t.Errorf("the status says\n%s", out)
	}
	must(t)(cli("heal-node", "node02"))
	must(t)(kubectl("wait", "node", "node02", "--for=condition=Ready", "--timeout=40s"))
	p.exec(t, "env")
}

func TestStopAndStart(t *testing.T) {
	p := pod{name: "stop", node: "node02"}
	p.run(t)
	boot := must(t)(kubectl("get", "node", "node02", "-o=jsonpath={.status.nodeInfo.bootID}"))
	must(t)(cli("stop-node", "node02"))
	if _, err := cli("ssh", "node02", "--", "true"); err == nil {
		t.Error("a stopped node runs commands")
	}
	must(t)(cli("start-node", "node02"))
	eventually(t, patience, func() error {
		out, err := kubectl("get", "node", "node02", "-o=jsonpath={.status.nodeInfo.bootID}")
		if err == nil && out == boot {
			err = fmt.Errorf("the node has not booted again")
		}
		return err
	})
	eventually(t, patience, func() error {
		out, err := kubectl("get", "pod", p.name, "-o=jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}")
		if err == nil && out != "1 true" {
			err = fmt.Errorf("after the start the pod has (restarts, ready) %s", out)
		}
		return err
	})
	p.exec(t, "env")
	started := time.Now()
	quick := pod{name: "stop-new", node: "node02"}
	quick.run(t)
	t.Logf("a new pod on it was ready after %.1f s", time.Since(started).Seconds())
}
