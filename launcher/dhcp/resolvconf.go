package dhcp

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Resolver is what a pod's resolv.conf says.
type Resolver struct {
	Nameservers []netip.Addr
	Search      []string
}

// ReadResolver reads a resolv.conf(5).
func ReadResolver(path string) (Resolver, error) {
	f, err := os.Open(path)
	if err != nil {
		return Resolver{}, fmt.Errorf("reading the pod's resolver configuration: %w", err)
	}
	defer func() { _ = f.Close() }()
	resolver, err := parseResolver(f)
	if err != nil {
		return Resolver{}, fmt.Errorf("reading the pod's resolver configuration: %w", err)
	}
	return resolver, nil
}

// parseResolver follows resolv.conf(5): the last search or domain line counts,
// lines that cannot be understood are passed over.
func parseResolver(r io.Reader) (Resolver, error) {
	var resolver Resolver
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			if address, err := netip.ParseAddr(fields[1]); err == nil {
				resolver.Nameservers = append(resolver.Nameservers, address.WithZone(""))
			}
		case "search":
			resolver.Search = domains(fields[1:])
		case "domain":
			resolver.Search = domains(fields[1:2])
		}
	}
	return resolver, lines.Err()
}

// domains drops the root domain, which says nothing in a search list.
func domains(names []string) []string {
	var kept []string
	for _, name := range names {
		if name = strings.TrimSuffix(name, "."); name != "" {
			kept = append(kept, name)
		}
	}
	return kept
}

// IPv6 are the nameservers that a guest can ask over IPv6; link-local ones are its
// pod's neighbours only.
func (r Resolver) IPv6() []netip.Addr {
	var servers []netip.Addr
	for _, server := range r.Nameservers {
		if server.Is6() && !server.IsLinkLocalUnicast() {
			servers = append(servers, server)
		}
	}
	return servers
}

// WithSubdomain returns the resolver as a guest with a subdomain should have it:
// its own domain, <subdomain>.<namespace>.svc.<cluster domain>, comes first.
func (r Resolver) WithSubdomain(subdomain, namespace string) Resolver {
	if subdomain == "" {
		return r
	}
	for _, domain := range r.Search {
		if strings.HasPrefix(domain, namespace+".svc.") {
			own := subdomain + "." + domain
			r.Search = append([]string{own}, slices.DeleteFunc(slices.Clone(r.Search), func(d string) bool { return d == own })...)
			return r
		}
	}
	return r
}
