package network

import "net"

// besideMAC is the address of a guest that passt connects, one bit from the pod's. It
// must not be the pod's: passt is the guest's IPv6 router at the link-local address that
// goes with that, and would be a neighbour who has taken the guest's own.
func besideMAC(pod string) string {
	mac, err := net.ParseMAC(pod)
	if err != nil || len(mac) == 0 {
		return "" // a device without an address leaves it to libvirt
	}
	mac[len(mac)-1] ^= 1
	return mac.String()
}
