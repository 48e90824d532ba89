package v1

import (
	"crypto/sha256"
	"encoding/hex"
)

// PrimaryPodInterface is the pod's interface on the cluster's network.
const PrimaryPodInterface = "eth0"

// Prefixes of the names of a pod's links, and how much of a hash follows them: the
// kernel takes 15 bytes.
const (
	podInterfacePrefix = "pod"
	tapPrefix          = "tap"
	bridgePrefix       = "k6t-"
	linkSuffixLength   = 11
)

// IsPrimary reports whether the network is the one that the pod's own interface is
// on; all others get an interface of their own.
func (n *Network) IsPrimary() bool {
	return n.Pod != nil || n.Multus != nil && n.Multus.Default
}

// MasqueradeGatewayMAC is the hardware address of the guest's gateway with masquerade,
// the same in every pod: a guest that moves to another node keeps its neighbour table.
const MasqueradeGatewayMAC = "02:00:00:00:00:00"

// LinkNames are the names of the links in a launcher pod that one interface of the
// guest is made of.
type LinkNames struct {
	// Pod is the interface that the pod's network plugin makes.
	Pod string
	// Tap is what QEMU opens, Bridge connects it.
	Tap, Bridge string
	// Suffix is what the names of further links of the same interface end with.
	Suffix string
}

// LinkNames returns the names for a network. They are the same on every node, and
// whatever other networks come and go.
func (n *Network) LinkNames() LinkNames {
	if n.IsPrimary() {
		return LinkNames{Pod: PrimaryPodInterface, Tap: tapPrefix + "0", Bridge: bridgePrefix + PrimaryPodInterface, Suffix: "0"}
	}
	hash := sha256.Sum256([]byte(n.Name))
	suffix := hex.EncodeToString(hash[:])[:linkSuffixLength]
	return LinkNames{Pod: podInterfacePrefix + suffix, Tap: tapPrefix + suffix, Bridge: bridgePrefix + suffix, Suffix: suffix}
}

// maxInterfaceQueues is the most queues that a tap device can have.
const maxInterfaceQueues = 256

// IsVirtio reports whether the guest sees the interface as virtio hardware.
func (i *Interface) IsVirtio() bool { return i.Model == "" || i.Model == "virtio" }

// InterfaceQueues is how many queues an interface of the guest has: one for each
// vCPU where the spec asks for several, and the hardware and the binding know them.
func (d *DomainSpec) InterfaceQueues(i *Interface) uint32 {
	if wanted := d.Devices.NetworkInterfaceMultiqueue; wanted == nil || !*wanted || !i.IsVirtio() || i.PasstBinding != nil {
		return 1
	}
	return max(min(d.CPUTopology().VCPUs(), maxInterfaceQueues), 1)
}
