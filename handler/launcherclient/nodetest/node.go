// Package nodetest makes a directory tree that looks like a node's to the agent,
// for tests with real sockets and real processes.
package nodetest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"kubevirt.io/kubevirt/handler/cgroup"
)

// Node has the kubelet's pods, and a procfs that says which pod a process belongs
// to.
type Node struct {
	Pods    string
	Cgroups cgroup.Reader
}

// New makes an empty node in the test's temporary directory.
func New(t testing.TB) Node {
	t.Helper()
	proc := t.TempDir()
	node := Node{Pods: filepath.Join(t.TempDir(), "var", "lib", "kubelet", "pods"), Cgroups: cgroup.Reader{Proc: proc}}
	node.file(t, filepath.Join(proc, "self", "cgroup"), "0::/\n")
	return node
}

// Pod makes the run directory of a launcher pod.
func (n Node) Pod(t testing.TB, podUID string) string {
	t.Helper()
	directory := n.EmptyDir(podUID, "run")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	return directory
}

// EmptyDir is where one of a pod's emptyDir volumes is.
func (n Node) EmptyDir(podUID, volume string) string {
	return filepath.Join(n.Pods, podUID, "volumes", "kubernetes.io~empty-dir", volume)
}

// Own puts a process into a pod.
func (n Node) Own(t testing.TB, pid int, podUID string) {
	t.Helper()
	n.file(t, filepath.Join(n.Cgroups.Proc, strconv.Itoa(pid), "cgroup"), fmt.Sprintf("0::/kubepods/pod%s/abc\n", podUID))
}

func (n Node) file(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ready is what a process of Start prints when it serves.
const ready = "serving\n"

// Ready tells Start, from inside the process, that everything is there.
func Ready() { fmt.Print(ready) }

// Start runs one test function of the same binary as a process in the given pod,
// with environment added, and waits until that has called Ready. The process is
// killed with the test.
func (n Node) Start(t testing.TB, podUID, testFunction string, environment ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+testFunction+"$")
	command.Env = append(os.Environ(), environment...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	n.Own(t, command.Process.Pid, podUID)
	if _, err := io.ReadFull(output, make([]byte, len(ready))); err != nil {
		t.Fatal(err)
	}
	return command
}
