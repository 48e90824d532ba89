package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// lanBridge is the bridge, of this name on every node, that joins a
// secondary network of pods to that of the other nodes.
const lanBridge = "lan0"

// configureNetwork gives the node its addresses and its routes to the other
// nodes' pods. There is no default route: nothing leads out.
func configureNetwork(c *settings.Cluster, n settings.Node) error {
	services4, services6 := c.ServiceCIDRs()
	commands := []string{
		"link set lo up",
		"addr add " + n.IPv4 + "/24 dev eth0",
		"link set eth0 up",
		"addr add " + n.IPv6 + "/64 dev eth0 nodad",
		// A process of the node itself needs some route to a Service before
		// kube-proxy's rules get to see the packet.
		"route add " + services4 + " dev eth0",
		"-6 route add " + services6 + " dev eth0",
		// The node itself is not on the LAN.
		"link add " + lanBridge + " type bridge mcast_snooping 0",
		"link set " + lanBridge + " addrgenmode none arp off up",
		"link set eth1 master " + lanBridge + " addrgenmode none up",
	}
	for _, other := range c.Nodes() {
		if other.Name != n.Name {
			commands = append(commands,
				"route add "+other.PodIPv4+" via "+other.IPv4,
				"-6 route add "+other.PodIPv6+" via "+other.IPv6+" dev eth0")
		}
	}
	for _, command := range commands {
		out, err := exec.Command("/usr/sbin/ip", strings.Fields(command)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, out)
		}
	}
	sysctls := map[string]string{
		"net/ipv4/ip_forward":          "1",
		"net/ipv6/conf/all/forwarding": "1",
		// Addresses are handed out by number; waiting a second for a duplicate
		// would only delay every pod.
		"net/ipv6/conf/default/accept_dad": "0",
	}
	for name, value := range sysctls {
		if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	return nil
}
