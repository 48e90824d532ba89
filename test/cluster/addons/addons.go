// Package addons holds the objects every cluster starts with: its DNS and
// its storage classes.
package addons

import (
	_ "embed"
	"strings"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

//go:embed coredns.yaml
var coredns string

//go:embed storage.yaml
var storage string

// Manifests returns the objects as YAML.
func Manifests(c *settings.Cluster) string {
	return strings.NewReplacer("{{DNS}}", c.DNSIPv4(), "{{COREDNS_IMAGE}}", settings.CoreDNSImage).Replace(coredns) +
		"---\n" + storage
}
