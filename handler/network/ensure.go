package network

import (
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Pods prepares the network namespaces of pods.
type Pods struct {
	// TunDevice is the path of the node's /dev/net/tun.
	TunDevice string
}

// Ensure brings the network namespace to what the plan wants and returns the
// facts. It can be repeated at any time, also under a running guest; what it made
// lives as long as the namespace, and is all it knows about former times.
func (p Pods) Ensure(namespace *os.File, plan Plan) (Facts, error) {
	var facts Facts
	err := inside(namespace, func() error {
		links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return fmt.Errorf("opening netlink in the pod: %w", err)
		}
		defer links.Close()
		for i := range plan.Interfaces {
			one, err := p.ensure(links, &plan.Interfaces[i])
			if err != nil {
				return fmt.Errorf("network %s: %w", plan.Interfaces[i].Network, err)
			}
			facts.Interfaces = append(facts.Interfaces, one)
		}
		return nil
	})
	return facts, err
}

// Inspect returns the facts without changing anything, for a namespace that
// Ensure has been through.
func Inspect(namespace *os.File, plan Plan) (Facts, error) {
	var facts Facts
	err := inside(namespace, func() error {
		links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return fmt.Errorf("opening netlink in the pod: %w", err)
		}
		defer links.Close()
		for i := range plan.Interfaces {
			one, err := factsOf(links, &plan.Interfaces[i])
			if err != nil {
				return fmt.Errorf("network %s: %w", plan.Interfaces[i].Network, err)
			}
			facts.Interfaces = append(facts.Interfaces, one)
		}
		return nil
	})
	return facts, err
}

func (p Pods) ensure(links *netlink.Handle, iface *Interface) (InterfaceFacts, error) {
	if iface.Binding == Elsewhere || iface.Binding == PluginTap || iface.Binding == Passt {
		return factsOf(links, iface)
	}
	kernel, err := openSysctls()
	if err != nil {
		return InterfaceFacts{}, err
	}
	defer kernel.close()
	if iface.Binding.bridges() {
		if err := moveAside(links, iface); err != nil {
			return InterfaceFacts{}, err
		}
	}
	facts, err := factsOf(links, iface)
	if err != nil {
		return InterfaceFacts{}, err
	}
	if iface.Binding.bridges() {
		return facts, p.bridge(links, kernel, iface, &facts)
	}
	return facts, p.masquerade(links, kernel, iface, &facts)
}
