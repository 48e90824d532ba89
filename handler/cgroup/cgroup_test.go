package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	uid   = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"
	other = "11111111-2222-3333-4444-555555555555"
	cid   = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

// The trees below testdata hold /proc/*/cgroup of a node's handler (7), of a
// launcher (42) and of a process outside every pod (1), as each combination of
// hierarchy version, cgroup driver and namespace lays them out.
func TestOwnerOfInRecordedTrees(t *testing.T) {
	for _, tree := range []string{"v1-cgroupfs", "v2-cgroupfs", "v2-systemd", "v2-systemd-private-namespace"} {
		t.Run(tree, func(t *testing.T) {
			reader := Reader{Proc: filepath.Join("testdata", tree), Self: "7"}
			owner, err := reader.OwnerOf(42)
			if err != nil {
				t.Fatal(err)
			}
			if owner != (Owner{PodUID: uid, ContainerID: cid}) {
				t.Errorf("owner is %+v", owner)
			}
			if _, err := reader.OwnerOf(1); err == nil {
				t.Error("a process outside every pod has an owner")
			}
			if _, err := reader.OwnerOf(4711); !os.IsNotExist(unwrapAll(err)) {
				t.Errorf("absent process: %v", err)
			}
		})
	}
}

func unwrapAll(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

func TestOwnerIn(t *testing.T) {
	pod := func(uid string) string { return "/kubepods/burstable/pod" + uid + "/" + cid }
	handler := "/kubepods/besteffort/pod" + other + "/abc"
	cases := []struct {
		name        string
		target, own map[string]string
		want, err   string
	}{
		{name: "hierarchies agree",
			target: map[string]string{"pids": pod(uid), "memory": pod(uid), "": "/"}, want: uid},
		{name: "hierarchies disagree",
			target: map[string]string{"pids": pod(uid), "memory": pod(other)}, err: "disagree"},
		{name: "no pod", target: map[string]string{"": "/user.slice/session-1.scope"}, err: "in no pod"},
		{name: "the pod's own cgroup is no container's",
			target: map[string]string{"": "/kubepods/burstable/pod" + uid}, err: "in no pod"},
		{name: "a container that made itself a pod",
			target: map[string]string{"": pod(other) + "/pod" + uid + "/x"},
			own:    map[string]string{"": handler}, err: "two pods"},
		{name: "the same seen from a cgroup namespace",
			target: map[string]string{"": "/../../pod" + other + "/x/pod" + uid + "/x"},
			own:    map[string]string{"": "/"}, err: "two pods"},
		{name: "a deeper cgroup of the container",
			target: map[string]string{"": pod(uid) + "/container"}, want: uid},
		{name: "a node that is itself a pod",
			target: map[string]string{"": pod(other) + "/kubelet" + pod(uid)},
			own:    map[string]string{"": pod(other) + "/kubelet/kubepods/besteffort/podaaaaaaaa-2222-3333-4444-555555555555/h"},
			want:   uid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			owner, err := ownerIn(c.target, c.own)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error is %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || owner.PodUID != c.want {
				t.Errorf("owner %+v, error %v", owner, err)
			}
		})
	}
}
