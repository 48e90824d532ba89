package main

import (
	"fmt"
	"slices"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
	corev1 "k8s.io/api/core/v1"
)

// sets are the sets of addresses of one family. The library's own handling of
// two families at once has two faults, which are corrected here: it gives
// sets of IPv6 addresses names that its rules do not use, and each family's
// handler also writes back what it once read of the other's sets.
type sets struct {
	*utils.IPSet
	family string
}

func bothFamilies() (map[corev1.IPFamily]utils.IPSetHandler, error) {
	handlers := map[corev1.IPFamily]utils.IPSetHandler{}
	for protocol, family := range map[corev1.IPFamily]string{corev1.IPv4Protocol: "inet", corev1.IPv6Protocol: "inet6"} {
		// As one for IPv4 it leaves the names alone.
		all, err := utils.NewIPSet(false)
		if err != nil {
			return nil, fmt.Errorf("looking for ipset: %w", err)
		}
		handlers[protocol] = sets{all, family}
	}
	return handlers, nil
}

// RefreshSet replaces the content of a set, as it will be written.
func (s sets) RefreshSet(name string, entries [][]string, kind string) {
	s.IPSet.RefreshSet(name, entries, kind)
	if set := s.Get(name); !slices.Contains(set.Options, "family") {
		set.Options = append(set.Options, "family", s.family)
	}
}

// Save reads the family's sets as they are.
func (s sets) Save() error {
	if err := s.IPSet.Save(); err != nil {
		return err
	}
	for name, set := range s.Sets() {
		if i := slices.Index(set.Options, "family"); i < 0 || set.Options[i+1] != s.family {
			delete(s.Sets(), name)
		}
	}
	return nil
}
