package process

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubevirt.io/kubevirt/handler/cgroup"
)

const podUID = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"

// TestMain lets the test binary play the pod's process: it serves the socket
// named in the environment until its standard input ends.
func TestMain(m *testing.M) {
	if socket := os.Getenv("TEST_SERVE_SOCKET"); socket != "" {
		serve(socket)
		return
	}
	os.Exit(m.Run())
}

func serve(socket string) {
	if err := os.Chdir(filepath.Dir(socket)); err != nil {
		panic(err)
	}
	listener, err := net.Listen("unix", filepath.Base(socket))
	if err != nil {
		panic(err)
	}
	fmt.Println("serving")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("hello"))
		}
	}()
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// server starts a process that serves a socket at a path as long as the
// kubelet's, and a procfs in which that process belongs to the given pod.
func server(t *testing.T, pod string) (socket string, cgroups cgroup.Reader, stop func()) {
	t.Helper()
	directory := filepath.Join(t.TempDir(), strings.Repeat("a", 120))
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(directory, "launcher.sock")
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "TEST_SERVE_SOCKET="+socket)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() { _ = input.Close(); _ = command.Wait() }
	t.Cleanup(stop)
	if _, err := output.Read(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	proc := t.TempDir()
	for entry, path := range map[string]string{
		"self":                            "/",
		strconv.Itoa(command.Process.Pid): "/kubepods/pod" + pod + "/abc",
	} {
		if err := os.MkdirAll(filepath.Join(proc, entry), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, entry, "cgroup"), []byte("0::"+path+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return socket, cgroup.Reader{Proc: proc}, stop
}

func TestConnectFindsTheServingProcess(t *testing.T) {
	socket, cgroups, stop := server(t, podUID)
	conn, served, err := Connect(context.Background(), cgroups, socket, podUID)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	defer served.Close()
	greeting := make([]byte, 5)
	if _, err := conn.Read(greeting); err != nil || string(greeting) != "hello" {
		t.Errorf("read %q, %v", greeting, err)
	}
	if served.PID == os.Getpid() || !served.Alive() {
		t.Errorf("process %d, alive %v", served.PID, served.Alive())
	}
	root, err := served.Root()
	if err != nil {
		t.Fatal(err)
	}
	root.Close()

	select {
	case <-served.Exited():
		t.Fatal("reported as ended while it runs")
	case <-time.After(20 * time.Millisecond):
	}
	stop()
	select {
	case <-served.Exited():
	case <-time.After(5 * time.Second):
		t.Fatal("its end was not noticed")
	}
	if served.Alive() {
		t.Error("alive after its end")
	}
	if _, err := served.Namespace("net"); err == nil {
		t.Error("the namespace of an ended process was opened")
	}
}

func TestConnectRefusesOtherPods(t *testing.T) {
	socket, cgroups, _ := server(t, "11111111-2222-3333-4444-555555555555")
	_, _, err := Connect(context.Background(), cgroups, socket, podUID)
	if err == nil || !strings.Contains(err.Error(), "served by pod 11111111") {
		t.Errorf("error is %v", err)
	}
}

func TestConnectRefusesSymbolicLinks(t *testing.T) {
	socket, cgroups, _ := server(t, podUID)
	link := filepath.Join(t.TempDir(), "launcher.sock")
	if err := os.Symlink(socket, link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Connect(context.Background(), cgroups, link, podUID); err == nil {
		t.Error("followed a symbolic link")
	}
}

func TestCloseEndsTheWaiting(t *testing.T) {
	socket, cgroups, _ := server(t, podUID)
	conn, served, err := Connect(context.Background(), cgroups, socket, podUID)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	served.Close()
	select {
	case <-served.Exited():
	case <-time.After(5 * time.Second):
		t.Fatal("still waiting after Close")
	}
}

func TestAwaitSeesTheSocketAppear(t *testing.T) {
	socket, cgroups, _ := server(t, podUID)
	hidden := socket + ".hidden"
	if err := os.Rename(socket, hidden); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = os.Rename(hidden, socket)
	}()
	begin := time.Now()
	conn, served, err := Await(t.Context(), cgroups, socket, podUID)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	served.Close()
	if waited := time.Since(begin); waited > lookAgain/2 {
		t.Errorf("noticed after %v", waited)
	}
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := Await(soon, cgroups, socket, podUID); err == nil {
		t.Error("connected to nothing")
	}
}
