// Command crashinghandler stands in for a control plane whose virt-handler is broken:
// every other actor is the real program beside it.
package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"
)

func main() {
	if slices.Contains(os.Args, "handler") {
		fmt.Fprintln(os.Stderr, "this virt-handler is broken")
		os.Exit(1)
	}
	program := os.Args[0] + ".real"
	err := syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
