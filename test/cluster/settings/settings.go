// Package settings holds what distinguishes one test cluster from another:
// its name, its addresses and the directories it lives in. Everything is
// derived from the environment, so every command finds the same cluster.
package settings

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// Versions of what the cluster runs, as reported by the programs themselves.
// They have to agree with the go.mod of each program's directory, which a
// test checks.
const (
	KubernetesVersion = "v1.36.4"
	EtcdVersion       = "v3.7.3"
	ContainerdVersion = "v2.4.2"
	RuncVersion       = "v1.4.0"
	CoreDNSVersion    = "v1.13.1"
	OLMVersion        = "v0.38.0"
	OPMVersion        = "v1.61.0"
)

// Names of the images the cluster itself needs, as its registry serves them.
const (
	PauseImage   = "registry.k8s.io/pause:3.10"
	CoreDNSImage = "registry.k8s.io/coredns/coredns:" + CoreDNSVersion
)

// Names of the images of the Operator Lifecycle Manager, for clusters that get it.
const (
	OLMImage = "operator-framework/olm:" + OLMVersion
	OPMImage = "operator-framework/opm:" + OPMVersion
)

// Cluster is one cluster on this machine.
type Cluster struct {
	// Name is unique on the machine and prefixes links and cgroups.
	Name string
	// Index makes the cluster's addresses unique on the machine; 0 to 99.
	Index int
	// NumNodes is the number of worker nodes.
	NumNodes int
	// Provider is "local" for a cluster made here, "external" for an existing
	// one that $KUBECONFIG names.
	Provider string
	// Source is the directory of this module (test/cluster of the checkout).
	Source string
	// Cache is the directory for what can be built again.
	Cache string
	// State is the directory of this cluster's own state; `down` removes it.
	State string
	// Images is the directory of the registry's content, which outlives the
	// clusters and is shared by them.
	Images string
}

// The name goes into link names, which have 15 characters.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,7}$`)

// FromEnvironment reads KUBEVIRT_CLUSTER (name, default "kv"), NUM_NODES
// (default 2), KUBE_PROVIDER and the XDG base directories. source is this
// module's directory.
func FromEnvironment(source string) (*Cluster, error) {
	c := &Cluster{Name: "kv", NumNodes: 2, Provider: "local", Source: source}
	if name := os.Getenv("KUBEVIRT_CLUSTER"); name != "" {
		c.Name = name
	}
	if !nameForm.MatchString(c.Name) {
		return nil, fmt.Errorf("KUBEVIRT_CLUSTER=%q: want a lower-case word of at most 8 characters", c.Name)
	}
	if c.Name != "kv" {
		h := fnv.New32a()
		h.Write([]byte(c.Name))
		c.Index = int(h.Sum32()%99) + 1
	}
	if p := os.Getenv("KUBE_PROVIDER"); p != "" {
		c.Provider = p
	}
	if c.Provider != "local" && c.Provider != "external" {
		return nil, fmt.Errorf("KUBE_PROVIDER=%q: want local or external", c.Provider)
	}
	cache, err := xdg("XDG_CACHE_HOME", ".cache")
	if err != nil {
		return nil, err
	}
	state, err := xdg("XDG_STATE_HOME", ".local/state")
	if err != nil {
		return nil, err
	}
	c.Cache = cache
	c.State = filepath.Join(state, c.Name)
	c.Images = filepath.Join(cache, "images")
	return c, c.readNumNodes()
}

// readNumNodes takes the number of nodes from a cluster that is up, else
// from NUM_NODES.
func (c *Cluster) readNumNodes() error {
	text := os.Getenv("NUM_NODES")
	if data, err := os.ReadFile(c.NumNodesFile()); err == nil {
		text = string(data)
	}
	if text == "" {
		return nil
	}
	num, err := strconv.Atoi(text)
	if err != nil || num < 1 || num > 50 {
		return fmt.Errorf("NUM_NODES=%q: want a number from 1 to 50", text)
	}
	c.NumNodes = num
	return nil
}

// NumNodesFile says how many nodes the cluster was started with.
func (c *Cluster) NumNodesFile() string { return filepath.Join(c.State, "num-nodes") }

func xdg(variable, fallback string) (string, error) {
	base := os.Getenv(variable)
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding a place for the cluster (set %s or HOME): %w", variable, err)
		}
		base = filepath.Join(home, fallback)
	}
	return filepath.Join(base, "kubevirt-cluster"), nil
}

// Node is one worker node.
type Node struct {
	// Name is node01, node02 and so on.
	Name string
	// Number counts from 1.
	Number int
	// IPv4 and IPv6 are the node's addresses on the bridge.
	IPv4, IPv6 string
	// PodIPv4 and PodIPv6 are the subnets of the node's pods.
	PodIPv4, PodIPv6 string
	// Link is the bridge's end of the node's cable, LANLink that of its second
	// one, to the network that only secondary networks use.
	Link, LANLink string
	// Dir holds the node's disk and configuration.
	Dir string
	// Special nodes have the static CPU manager and huge pages.
	Special bool
}

// Nodes returns the worker nodes in order.
func (c *Cluster) Nodes() []Node {
	nodes := make([]Node, 0, c.NumNodes)
	for i := 1; i <= c.NumNodes; i++ {
		name := fmt.Sprintf("node%02d", i)
		nodes = append(nodes, Node{
			Name:    name,
			Number:  i,
			IPv4:    fmt.Sprintf("172.30.%d.%d", c.Index, 10+i),
			IPv6:    fmt.Sprintf("fd00:30:%x::%x", c.Index, 0x10+i),
			PodIPv4: fmt.Sprintf("10.%d.%d.0/24", 128+c.Index, i),
			PodIPv6: fmt.Sprintf("fd00:31:%x:%x::/64", c.Index, i),
			Link:    c.Name + "-" + name,
			LANLink: fmt.Sprintf("%s-lan%02d", c.Name, i),
			Dir:     filepath.Join(c.State, "nodes", name),
			Special: i == min(2, c.NumNodes),
		})
	}
	return nodes
}

// Node returns the node of that name.
func (c *Cluster) Node(name string) (Node, error) {
	for _, n := range c.Nodes() {
		if n.Name == name {
			return n, nil
		}
	}
	return Node{}, fmt.Errorf("no node %q (there are node01 to node%02d)", name, c.NumNodes)
}

// Bridge is the name of the link all nodes are on.
func (c *Cluster) Bridge() string { return c.Name + "-br" }

// LAN is the name of the link that joins the nodes' secondary networks.
func (c *Cluster) LAN() string { return c.Name + "-lan" }

// BridgeIPv4 is the machine's address on the bridge: the API server and the
// image registry listen there.
func (c *Cluster) BridgeIPv4() string { return fmt.Sprintf("172.30.%d.1", c.Index) }

// BridgeIPv6 is the machine's IPv6 address on the bridge.
func (c *Cluster) BridgeIPv6() string { return fmt.Sprintf("fd00:30:%x::1", c.Index) }

// Loopback is where control-plane ports listen that only this machine may
// reach; an address per cluster spares choosing ports.
func (c *Cluster) Loopback() string { return fmt.Sprintf("127.30.%d.1", c.Index) }

// PodCIDR holds all pod subnets of one cluster, IPv4 and IPv6.
func (c *Cluster) PodCIDR() string {
	return fmt.Sprintf("10.%d.0.0/16,fd00:31:%x::/48", 128+c.Index, c.Index)
}

// ServiceCIDRs are the subnets of Services, IPv4 and IPv6.
func (c *Cluster) ServiceCIDRs() (string, string) {
	return fmt.Sprintf("10.%d.0.0/16", 28+c.Index), fmt.Sprintf("fd00:32:%x::/112", c.Index)
}

// ServiceIPv4 is the first address of the Service subnet, which the
// kubernetes Service has.
func (c *Cluster) ServiceIPv4() string { return fmt.Sprintf("10.%d.0.1", 28+c.Index) }

// DNSIPv4 is the address of the DNS Service.
func (c *Cluster) DNSIPv4() string { return fmt.Sprintf("10.%d.0.10", 28+c.Index) }

// APIServer is the URL of the API server.
func (c *Cluster) APIServer() string { return "https://" + c.BridgeIPv4() + ":6443" }

// RegistryAddress is host and port of the image registry.
func (c *Cluster) RegistryAddress() string { return c.BridgeIPv4() + ":5000" }

// ISCSIPortal is host and port of the iSCSI target.
func (c *Cluster) ISCSIPortal() string { return c.BridgeIPv4() + ":3260" }

// ISCSIControl is the socket by which the iSCSI target is told what to serve.
func (c *Cluster) ISCSIControl() string { return filepath.Join(c.State, "iscsi") }

// Etcd is the URL of the database.
func (c *Cluster) Etcd() string { return "http://" + c.Loopback() + ":2379" }

// Kubeconfig is the administrator's kubeconfig.
func (c *Cluster) Kubeconfig() string {
	if c.Provider == "external" {
		return os.Getenv("KUBECONFIG")
	}
	return filepath.Join(c.State, "kubeconfig")
}

// AuditLog is the API server's audit log.
func (c *Cluster) AuditLog() string { return filepath.Join(c.State, "audit", "audit.log") }

// Logs is the directory of the control plane's logs; a node's are in logs
// below its own directory.
func (c *Cluster) Logs() string { return filepath.Join(c.State, "logs") }

// Volumes is the directory of the volumes that were provisioned; all nodes
// see it under VolumesOnNode.
func (c *Cluster) Volumes() string { return filepath.Join(c.State, "volumes") }

// Where nodes see the provisioned volumes, and the devices of those that
// each node attaches for itself.
const (
	VolumesOnNode = "/var/lib/cluster-volumes"
	DevicesOnNode = "/var/lib/cluster-devices"
)

// Bin is the link, in the cluster's state, to the programs it runs.
func (c *Cluster) Bin() string { return filepath.Join(c.State, "bin") }
