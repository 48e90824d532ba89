package portforward

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Protocols that a port may be forwarded by.
const (
	tcp = "tcp"
	udp = "udp"
)

// port is one forwarding.
type port struct {
	protocol string
	// local port to listen on; 0 takes a free one.
	local uint16
	// target is the guest's port.
	target uint16
}

// parsePort reads [PROTOCOL/]LOCAL[:TARGET].
func parsePort(s string) (port, error) {
	p := port{protocol: tcp}
	ports := s
	if protocol, rest, found := strings.Cut(s, "/"); found {
		p.protocol, ports = strings.ToLower(protocol), rest
	}
	if p.protocol != tcp && p.protocol != udp {
		return port{}, fmt.Errorf("%q in %q is not a protocol: tcp and udp are", p.protocol, s)
	}
	local, target, two := strings.Cut(ports, ":")
	if !two {
		target = local
	}
	var err error
	if p.local, err = number(local); err != nil {
		return port{}, fmt.Errorf("the local port of %q: %w", s, err)
	}
	if p.target, err = number(target); err == nil && p.target == 0 {
		err = errors.New("0 is no port of a guest")
	}
	if err != nil {
		return port{}, fmt.Errorf("the guest's port of %q: %w", s, err)
	}
	return p, nil
}

func number(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number from 0 to 65535", s)
	}
	return uint16(n), nil
}

// path of the subresource that reaches the port.
func (p port) path() string {
	return fmt.Sprintf("portforward/%d/%s", p.target, p.protocol)
}
