// Package addons holds the objects every cluster starts with: its DNS and
// its storage classes.
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

//go:embed storage.yaml
var storage string

// Manifests returns the objects as YAML.
func Manifests(c *settings.Cluster) string {
	sum := sha256.Sum256([]byte(coredns))
	return strings.NewReplacer("{{COREFILE_SUM}}", hex.EncodeToString(sum[:8]), "{{DNS}}", c.DNSIPv4(), "{{COREDNS_IMAGE}}", settings.CoreDNSImage).Replace(coredns) +
		"---\n" + storage
}
