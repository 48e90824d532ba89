package passt

import (
	"fmt"
	"syscall"
)

// Ports are the highest of the ports that are forwarded to a guest which does not
// name its own, from 1; 0 for all.
type Ports struct {
	TCP, UDP uint
}

const (
	// forConnections are files left for connections, of which each takes one.
	forConnections = 4096
	// forAll is enough for a socket on each port, with both protocols.
	forAll = 2<<16 + forConnections
)

// Forwardable says how many ports this process' children can forward: a container
// may open fewer files than there are ports.
func Forwardable() (Ports, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return Ports{}, fmt.Errorf("reading the limit of open files: %w", err)
	}
	return forwardable(limit.Max), nil
}

// forwardable gives three of four ports to TCP.
func forwardable(files uint64) Ports {
	if files >= forAll {
		return Ports{}
	}
	free := uint(files - min(files/2, forConnections))
	return Ports{TCP: min(free/4*3, 1<<16-1), UDP: free / 4}
}
