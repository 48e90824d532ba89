package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A copy of the program listens, names itself as the peer, and ends on SIGTERM.
func TestCopyAndStay(t *testing.T) {
	dir := t.TempDir()
	built, copied, socket := filepath.Join(dir, "built"), filepath.Join(dir, "copied"), filepath.Join(dir, "v.sock")
	build := exec.Command("go", "build", "-o", built, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(built, "--copy-to", copied).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	helper := exec.Command(copied, "--socket", socket)
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = helper.Process.Kill() }()
	var conn net.Conn
	for deadline := time.Now().Add(5 * time.Second); conn == nil; time.Sleep(5 * time.Millisecond) {
		conn, _ = net.Dial("unix", socket)
		if time.Now().After(deadline) {
			t.Fatal("nobody listens")
		}
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	if err := raw.Control(func(fd uintptr) { pid = peer(int(fd)) }); err != nil {
		t.Fatal(err)
	}
	if pid != helper.Process.Pid {
		t.Errorf("the peer is %d, not %d", pid, helper.Process.Pid)
	}
	if err := helper.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := helper.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func peer(fd int) int {
	ucred, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return 0
	}
	return int(ucred.Pid)
}
