// Package pci reads PCI addresses.
package pci

import (
	"fmt"
	"regexp"
	"strconv"

	"libvirt.org/go/libvirtxml"
)

var format = regexp.MustCompile(`^([0-9a-fA-F]{4}):([0-9a-fA-F]{2}):([0-1][0-9a-fA-F])\.([0-7])$`)

// Parse reads an address written as domain:bus:slot.function in hexadecimal, such
// as 0000:81:01.0. An empty address is nil: libvirt chooses one.
func Parse(address string) (*libvirtxml.DomainAddress, error) {
	if address == "" {
		return nil, nil
	}
	parts := format.FindStringSubmatch(address)
	if parts == nil {
		return nil, fmt.Errorf("PCI address %q is not of the form 0000:81:01.0", address)
	}
	numbers := make([]uint, 4)
	for i, part := range parts[1:] {
		number, err := strconv.ParseUint(part, 16, 16)
		if err != nil {
			return nil, fmt.Errorf("reading PCI address %q: %w", address, err)
		}
		numbers[i] = uint(number)
	}
	return &libvirtxml.DomainAddress{PCI: &libvirtxml.DomainAddressPCI{
		Domain: &numbers[0], Bus: &numbers[1], Slot: &numbers[2], Function: &numbers[3],
	}}, nil
}
