// Package ksm has the node's kernel merge equal pages of memory, or not.
package ksm

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// run is the kernel's switch, below the root of a sysfs.
const run = "kernel/mm/ksm/run"

// Kernel is the node's kernel.
type Kernel struct {
	// Sys is where its sysfs can be read.
	Sys string
}

// Merges tells whether the kernel merges pages, and whether it can at all.
func (k Kernel) Merges() (merges, able bool) {
	content, err := os.ReadFile(k.Sys + "/" + run)
	return strings.TrimSpace(string(content)) == "1", err == nil
}

// Merge switches merging on or off. What is merged stays so until a guest writes to
// it: to take it all apart at once may need more memory than the node has.
func (k Kernel) Merge(on bool) error {
	root, err := freshSys()
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(root) }()
	return merge(root, on)
}

// freshSys returns the root of a sysfs that is mounted nowhere: the container's own
// cannot be written to, and nothing else of the node has to be shown to it for this.
func freshSys() (int, error) {
	context, err := unix.Fsopen("sysfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("opening a sysfs: %w", err)
	}
	defer func() { _ = unix.Close(context) }()
	if err := unix.FsconfigCreate(context); err != nil {
		return 0, fmt.Errorf("creating a sysfs: %w", err)
	}
	root, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("mounting a sysfs: %w", err)
	}
	return root, nil
}

func merge(root int, on bool) error {
	fd, err := unix.Openat(root, run, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the kernel's switch for merging pages: %w", err)
	}
	value := "0"
	if on {
		value = "1"
	}
	_, err = unix.Write(fd, []byte(value))
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return fmt.Errorf("setting the kernel's switch for merging pages to %s: %w", value, err)
	}
	return nil
}
