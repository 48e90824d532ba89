//go:build !amd64

package kvm

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// execute goes as far as creating a virtual CPU: the instructions to run on it
// are only written down for amd64.
func execute(device uintptr) error {
	vm, err := request(device, createVM, 0)
	if err != nil {
		return fmt.Errorf("creating a virtual machine: %w", err)
	}
	defer func() { _ = unix.Close(int(vm)) }()
	if _, err := request(vm, createVCPU, 0); err != nil {
		return fmt.Errorf("creating a virtual CPU: %w", err)
	}
	return nil
}
