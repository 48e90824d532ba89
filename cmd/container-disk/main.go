// Command container-disk keeps the container of a container disk's image alive
// where images cannot be mounted as volumes. virt-handler finds its process as
// the peer of its socket and opens the disk in that process' root. It is
// linked statically and uses nothing of the image it runs in.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	socket := flag.String("socket", "", "unix socket to listen on until SIGTERM")
	copyTo := flag.String("copy-to", "", "copy this program to a file and exit")
	flag.Parse()
	var err error
	switch {
	case *copyTo != "":
		err = copySelf(*copyTo)
	case *socket != "":
		err = stay(*socket)
	default:
		err = errors.New("--socket or --copy-to is required")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "container-disk: %v\n", err)
		os.Exit(1)
	}
}
