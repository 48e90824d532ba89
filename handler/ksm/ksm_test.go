package ksm

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMerges(t *testing.T) {
	sys := t.TempDir()
	kernel := Kernel{Sys: sys}
	if merges, able := kernel.Merges(); merges || able {
		t.Errorf("a kernel that cannot: %t, %t", merges, able)
	}
	file := filepath.Join(sys, run)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.Open(sys)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, on := range []bool{true, false} {
		if err := merge(int(root.Fd()), on); err != nil {
			t.Fatal(err)
		}
		if merges, able := kernel.Merges(); merges != on || !able {
			t.Errorf("switched to %t: %t, %t", on, merges, able)
		}
	}
}

// The sysfs to write to shows this node's kernel. Nothing is written here.
func TestFreshSys(t *testing.T) {
	root, err := freshSys()
	if err != nil {
		t.Skipf("mounting needs a capability: %v", err)
	}
	defer func() { _ = unix.Close(root) }()
	var here, there unix.Stat_t
	if err := unix.Stat("/sys/kernel/mm", &here); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fstatat(root, "kernel/mm", &there, 0); err != nil || here.Ino != there.Ino {
		t.Errorf("inode %d there, %d here: %v", there.Ino, here.Ino, err)
	}
	if err := unix.Faccessat(root, run, unix.W_OK, 0); err != nil && err != unix.ENOENT {
		t.Errorf("cannot be written to: %v", err)
	}
}
