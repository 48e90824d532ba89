// Package addons holds the objects every cluster starts with: the rights of
// its network's parts, its DNS and its storage classes.
package addons

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strings"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

//go:embed coredns.yaml
var coredns string

//go:embed network.yaml
var network string

//go:embed storage.yaml
var storage string

// Manifests returns the objects as YAML.
func Manifests(c *settings.Cluster) string {
	sum := sha256.Sum256([]byte(coredns))
	// The rights first: without them no pod gets a network.
	return network + "---\n" + strings.NewReplacer("{{COREFILE_SUM}}", hex.EncodeToString(sum[:8]), "{{DNS}}", c.DNSIPv4(), "{{COREDNS_IMAGE}}", settings.CoreDNSImage).Replace(coredns) +
		"---\n" + storage
}
