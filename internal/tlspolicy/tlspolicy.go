// Package tlspolicy has the components' servers speak TLS as the KubeVirt object says.
// A change counts from the next connection on; those that are open stay.
package tlspolicy

import (
	"crypto/tls"
	"slices"
	"sync/atomic"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Policy is what the servers of one component accept; the zero value leaves it to Go.
type Policy struct{ current atomic.Pointer[accepted] }

type accepted struct {
	version uint16
	suites  []uint16
}

var versions = map[v1.TLSProtocolVersion]uint16{
	v1.VersionTLS10: tls.VersionTLS10, v1.VersionTLS11: tls.VersionTLS11,
	v1.VersionTLS12: tls.VersionTLS12, v1.VersionTLS13: tls.VersionTLS13,
}

// Follow puts a configuration into effect.
func (p *Policy) Follow(config *clusterconfig.Config) {
	next := &accepted{version: versions[config.TLS.MinVersion]}
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if slices.Contains(config.TLS.Ciphers, suite.Name) {
			next.suites = append(next.suites, suite.ID)
		}
	}
	p.current.Store(next)
}

// Server binds a server to the policy. What is set in config later counts as well.
func (p *Policy) Server(config *tls.Config) {
	config.GetConfigForClient = p.Choose(func(*tls.ClientHelloInfo) (*tls.Config, error) { return config, nil })
}

// Choose binds what is chosen for a client to the policy.
func (p *Policy) Choose(choose func(*tls.ClientHelloInfo) (*tls.Config, error)) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		config, err := choose(hello)
		now := p.current.Load()
		if err != nil || now == nil {
			return config, err
		}
		config = config.Clone()
		if now.version != 0 {
			config.MinVersion = now.version
		}
		if len(now.suites) > 0 {
			config.CipherSuites = now.suites
		}
		return config, nil
	}
}
