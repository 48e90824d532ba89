package launchertest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"kubevirt.io/kubevirt/handler/cgroup"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Node is a directory tree that looks like a node's to the agent: the kubelet's
// pods, and a procfs that says which pod a process belongs to.
type Node struct {
	Pods    string
	Cgroups cgroup.Reader
}

// NewNode makes an empty node in the test's temporary directory.
func NewNode(t testing.TB) Node {
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

const (
	directoryVariable = "LAUNCHERTEST_DIRECTORY"
	identityVariable  = "LAUNCHERTEST_IDENTITY"
)

// Main is called first in TestMain: it plays the launcher in the processes that
// Start makes, and returns in the test's own.
func Main() {
	directory := os.Getenv(directoryVariable)
	if directory == "" {
		return
	}
	var namespace, name, uid string
	if _, err := fmt.Sscan(os.Getenv(identityVariable), &namespace, &name, &uid); err != nil {
		panic(err)
	}
	launcher := New(namespace, name, uid)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	if err := launcher.Serve(directory); err != nil {
		panic(err)
	}
	fmt.Println("serving")
	<-terminated
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTOFF, Reason: "Shutdown"})
	select {
	case <-launcher.Released():
		time.Sleep(20 * time.Millisecond) // the answer goes out first
		os.Exit(0)
	case <-time.After(5 * time.Second):
		os.Exit(3)
	}
}

// Start runs a launcher in a process of its own, in the given pod. Its guest
// powers off on SIGTERM; it exits with 0 once it has been released.
func (n Node) Start(t testing.TB, podUID, namespace, name, uid string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), directoryVariable+"="+n.Pod(t, podUID), identityVariable+"="+namespace+" "+name+" "+uid)
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
	if _, err := io.ReadFull(output, make([]byte, len("serving\n"))); err != nil {
		t.Fatal(err)
	}
	return command
}
