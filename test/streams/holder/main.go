// Holder is a process that a guest's sockets belong to. The kernel names as a unix
// socket's owner the process that called listen; this one does so for the sockets
// it has inherited and leaves the rest to its parent.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// firstInherited is the descriptor after standard error.
const firstInherited = 3

func main() {
	sockets, err := strconv.Atoi(os.Args[1])
	for fd := firstInherited; err == nil && fd < firstInherited+sockets; fd++ {
		err = syscall.Listen(fd, syscall.SOMAXCONN)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "listening:", err)
		os.Exit(1)
	}
	fmt.Println("listening")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent has gone
}
