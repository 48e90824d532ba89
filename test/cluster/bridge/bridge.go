// Package bridge is the network between the nodes: one Linux bridge that the
// machine has an address on and that leads nowhere else, and a second one
// without any address, for networks that pods have beside their first.
package bridge

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Up makes the cluster's bridge, if it is not there, with the machine's
// addresses and routes to every node's pods.
func Up(c *settings.Cluster) error {
	for _, name := range []string{c.Bridge(), c.LAN()} {
		if _, err := net.InterfaceByName(name); err == nil {
			continue
		}
		if err := ip("link", "add", name, "type", "bridge", "mcast_snooping", "0"); err != nil {
			return err
		}
	}
	steps := [][]string{
		// The machine is not on it: it would answer for any address it has.
		{"link", "set", c.LAN(), "addrgenmode", "none", "arp", "off", "up"},
		{"link", "set", c.Bridge(), "up"},
		{"addr", "replace", c.BridgeIPv4() + "/24", "dev", c.Bridge()},
		{"addr", "replace", c.BridgeIPv6() + "/64", "dev", c.Bridge(), "nodad"},
	}
	for _, n := range c.Nodes() {
		steps = append(steps,
			[]string{"route", "replace", n.PodIPv4, "via", n.IPv4},
			[]string{"-6", "route", "replace", n.PodIPv6, "via", n.IPv6, "dev", c.Bridge()})
	}
	for _, s := range steps {
		if err := ip(s...); err != nil {
			return err
		}
	}
	return nil
}

// Plug connects the network namespace of process pid as a node: eth0 to the
// bridge, eth1 to the LAN.
func Plug(c *settings.Cluster, n settings.Node, pid int) error {
	for _, cable := range []struct{ link, inNode, bridge string }{{n.Link, "eth0", c.Bridge()}, {n.LANLink, "eth1", c.LAN()}} {
		unplug(cable.link)
		if err := ip("link", "add", cable.link, "type", "veth", "peer", "name", cable.inNode, "netns", fmt.Sprint(pid)); err != nil {
			return err
		}
		if err := ip("link", "set", cable.link, "master", cable.bridge, "addrgenmode", "none", "up"); err != nil {
			return err
		}
	}
	return nil
}

func unplug(link string) {
	if _, err := net.InterfaceByName(link); err == nil {
		_ = ip("link", "del", link)
	}
}

// Down removes the bridges and every link of the cluster.
func Down(c *settings.Cluster) error {
	links, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("listing links: %w", err)
	}
	var problems []error
	for _, l := range links {
		if l.Name == c.Bridge() || strings.HasPrefix(l.Name, c.Name+"-node") || strings.HasPrefix(l.Name, c.LAN()) {
			// The other end may take its namespace's links with it at any time.
			if err := ip("link", "del", l.Name); err != nil && exists(l.Name) {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

func exists(link string) bool {
	_, err := os.Stat(filepath.Join("/sys/class/net", link))
	return !errors.Is(err, fs.ErrNotExist)
}

// The states of a bridge port (linux/if_bridge.h).
const (
	portDisabled   = "0"
	portForwarding = "3"
)

// Cut stops all traffic between a node and everything else. The node's link
// stays up: to the node it looks as if nobody answered any more.
func Cut(n settings.Node) error { return setPort(n, portDisabled) }

// Heal undoes Cut.
func Heal(n settings.Node) error { return setPort(n, portForwarding) }

func setPort(n settings.Node, state string) error {
	for _, link := range []string{n.Link, n.LANLink} {
		if err := run("bridge", "link", "set", "dev", link, "state", state); err != nil {
			return err
		}
	}
	return nil
}

// IsCut reports whether the node is cut off.
func IsCut(n settings.Node) bool {
	state, err := os.ReadFile(filepath.Join("/sys/class/net", n.Link, "brport", "state"))
	return err == nil && strings.TrimSpace(string(state)) == portDisabled
}

func ip(args ...string) error { return run("ip", args...) }

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
