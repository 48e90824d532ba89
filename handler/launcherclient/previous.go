package launcherclient

import (
	"net/netip"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// This file is all there is about launchers of the previous version of the protocol,
// which outlive the handler that they were started under.

// currentVersion is the version of the protocol that needs none of it.
const currentVersion = 2

// forPrevious adds to a request what launchers of the previous version need to hear.
// They start what was started then; what they do not know they refuse, or leave out.
func forPrevious(wanted *protocol.SyncRequest) {
	for _, nic := range wanted.GetInterfaces() {
		if address, err := netip.ParsePrefix(nic.GetDhcp().GetAddress6()); err == nil {
			// The first address of a masqueraded guest's network is its gateway's.
			nic.Dhcp.Gateway6 = address.Masked().Addr().Next().String()
		}
	}
}
