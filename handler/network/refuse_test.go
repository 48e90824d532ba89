package network

import (
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// taken: somebody else has made a link of that name.
func taken(name string) func() error {
	return func() error {
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: "peer"})
	}
}

// withoutAddresses takes what a pod's network gave.
func withoutAddresses() error {
	link, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	addresses, err := netlink.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return err
	}
	for i := range addresses {
		if err := netlink.AddrDel(link, &addresses[i]); err != nil {
			return err
		}
	}
	return nil
}

// What cannot work is said in words that help.
func TestEnsureRefuses(t *testing.T) {
	networks := func(network v1.PodNetwork) *v1.VirtualMachineInstance {
		return masqueraded(func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Networks[0].Pod = &network })
	}
	for name, c := range map[string]struct {
		vmi     *v1.VirtualMachineInstance
		prepare func() error
		want    string
	}{
		"no address": {masqueraded(nil), withoutAddresses, "the pod's eth0 has no address; masquerade needs one, use bridge"},
		"the pod's own network": {networks(v1.PodNetwork{VMNetworkCIDR: "10.244.9.0/24"}), nil,
			"the VM network 10.244.9.0/24 overlaps the network of the pod's eth0, 10.244.9.0/24; choose another vmNetworkCIDR"},
		"a part of it": {networks(v1.PodNetwork{VMNetworkCIDR: "10.244.9.128/28"}), nil, "choose another vmNetworkCIDR"},
		"more than it": {networks(v1.PodNetwork{VMIPv6NetworkCIDR: "fd00::/16"}), nil, "choose another vmIPv6NetworkCIDR"},
		"another's bridge": {masqueraded(nil), taken("k6t-eth0"),
			"the pod's k6t-eth0 is a veth where the guest's bridge belongs: another network plugin has made it"},
		"another's tap": {masqueraded(nil), taken("tap0"), "the pod's tap0 is a veth where the guest's tuntap belongs"},
	} {
		t.Run(name, func(t *testing.T) {
			_, pod := nodeAndPod(t, "eth0")
			if c.prepare != nil {
				in(t, pod, c.prepare)
			}
			_, err := Pods{TunDevice: "/dev/net/tun"}.Ensure(pod, planFor(t, c.vmi))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
