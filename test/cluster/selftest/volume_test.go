//go:build cluster

package selftest

import (
	"fmt"
	"strings"
	"testing"
)

func TestVolumes(t *testing.T) {
	apply(t, `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 8Mi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: blocks}
spec: {accessModes: [ReadWriteMany], volumeMode: Block, resources: {requests: {storage: 8Mi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: late}
spec: {accessModes: [ReadWriteOnce], storageClassName: local-wait, resources: {requests: {storage: 8Mi}}}
`)
	user := func(name, node string) pod {
		return pod{
			name: name, node: node,
			// Neither root nor privileged: fsGroup and device ownership do it.
			spec: "securityContext: {runAsUser: 107, runAsGroup: 107, fsGroup: 107}",
			extra: "volumeMounts: [{name: files, mountPath: /files}, {name: late, mountPath: /late}]\n" +
				"    volumeDevices: [{name: blocks, devicePath: /dev/blocks}]",
			volumes: "[{name: files, persistentVolumeClaim: {claimName: files}}, {name: late, persistentVolumeClaim: {claimName: late}}," +
				"{name: blocks, persistentVolumeClaim: {claimName: blocks}}]",
		}
	}
	one, two := user("volumes-one", "node01"), user("volumes-two", "node02")
	one.run(t)
	two.run(t)
	one.exec(t, "write", "/files/x", "seen by all")
	if out := two.exec(t, "cat", "/files/x"); out != "seen by all" {
		t.Errorf("the other node reads %q from the file", out)
	}
	one.exec(t, "write", "/dev/blocks", "blocks too")
	if out := two.exec(t, "cat", "/dev/blocks"); !strings.HasPrefix(out, "blocks too") {
		t.Errorf("the other node reads %q from the device", out)
	}
	must(t)(kubectl("patch", "pvc", "blocks", "-p", `{"spec":{"resources":{"requests":{"storage":"16Mi"}}}}`))
	must(t)(kubectl("wait", "pvc", "blocks", "--for=jsonpath={.status.capacity.storage}=16Mi", "--timeout=10s"))
}

// claimed is a pod that uses the claim of its volume's name, at /v.
func claimed(name, node, claim string, block bool) pod {
	p := pod{
		name: name, node: node, spec: "securityContext: {runAsUser: 107, runAsGroup: 107, fsGroup: 107}",
		extra:   "volumeMounts: [{name: v, mountPath: /v}]",
		volumes: "[{name: v, persistentVolumeClaim: {claimName: " + claim + "}}]",
	}
	if block {
		p.extra = "volumeDevices: [{name: v, devicePath: /v}]"
	}
	return p
}

func TestBounded(t *testing.T) {
	apply(t, `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: bounded}
spec: {accessModes: [ReadWriteMany], storageClassName: bounded, resources: {requests: {storage: 32Mi}}}
`)
	one, two := claimed("bounded-one", "node01", "bounded", false), claimed("bounded-two", "node02", "bounded", false)
	one.run(t)
	two.run(t)
	one.exec(t, "fill", "/v/small", "28")
	if out, err := one.try("fill", "/v/big", "28"); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("56 MiB into a volume of 32: %s, %v", out, err)
	}
	if out := two.exec(t, "ls", "/v"); !strings.Contains(out, "small") {
		t.Errorf("the other node sees %q", out)
	}
}

func TestISCSI(t *testing.T) {
	apply(t, `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: lun}
spec: {accessModes: [ReadWriteMany], volumeMode: Block, storageClassName: iscsi, resources: {requests: {storage: 32Mi}}}
`)
	one, two := claimed("lun-one", "node01", "lun", true), claimed("lun-two", "node02", "lun", true)
	one.run(t)
	two.run(t)
	one.exec(t, "write", "/v", "over the network")
	if out := two.exec(t, "cat", "/v"); !strings.HasPrefix(out, "over the network") {
		t.Errorf("the other node reads %q", out)
	}
	sessions := must(t)(cli("ssh", "node02", "--", "ss", "-Htn", "dst", cluster.ISCSIPortal()))
	if !strings.Contains(sessions, cluster.Nodes()[1].IPv4) {
		t.Errorf("node02 has no session of its own: %q", sessions)
	}
	// A node that was off logs in again.
	must(t)(cli("stop-node", "node02"))
	must(t)(cli("start-node", "node02"))
	eventually(t, patience, func() error {
		out, err := two.try("cat", "/v")
		if err == nil && !strings.HasPrefix(out, "over the network") {
			err = fmt.Errorf("after a start the node reads %q", out)
		}
		return err
	})
}

func TestVolumesGo(t *testing.T) {
	eventually(t, patience, func() error {
		out, err := kubectl("get", "pv", "-o=name")
		if err == nil && out != "" {
			err = fmt.Errorf("volumes nobody claims are left: %s", out)
		}
		return err
	})
	if files := must(t)(cli("ssh", "node01", "--", "ls", "-A", "/var/lib/cluster-volumes")); files != "" {
		t.Errorf("the volumes' files are left: %s", files)
	}
	eventually(t, patience, func() error {
		out, err := cli("ssh", "node02", "--", "ls", "-A", "/var/lib/cluster-devices", "/run/cluster-luns")
		if err == nil && strings.Contains(out, "pvc-") {
			err = fmt.Errorf("sessions with LUNs are left: %s", out)
		}
		return err
	})
}
