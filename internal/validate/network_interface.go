package validate

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// binding checks how an interface is bound to its network.
func binding(at *field.Path, nic *v1.Interface, network *v1.Network, cfg *clusterconfig.Config) field.ErrorList {
	errs := exactlyOneBinding(at, nic)
	if nic.Masquerade != nil && network.Multus != nil {
		errs = append(errs, field.Forbidden(at.Child("masquerade"), "masquerade works on the pod network only"))
	}
	if nic.PasstBinding != nil && network.Multus != nil {
		errs = append(errs, field.Forbidden(at.Child("passtBinding"), "passtBinding works on the pod network only"))
	}
	if nic.PasstBinding != nil && !cfg.Enabled(clusterconfig.GatePasstBinding) {
		errs = append(errs, field.Forbidden(at.Child("passtBinding"), "needs the feature gate PasstBinding"))
	}
	if nic.Bridge != nil && network.Pod != nil && !cfg.PermitBridgeOnPodNetwork {
		errs = append(errs, field.Forbidden(at.Child("bridge"),
			"this cluster does not permit bridges on the pod network (permitBridgeInterfaceOnPodNetwork); use masquerade"))
	}
	if _, registered := cfg.BindingPlugin(nic); nic.Binding != nil && !registered {
		errs = append(errs, field.NotFound(at.Child("binding", "name"),
			nic.Binding.Name+": no plugin of that name in the KubeVirt object's spec.configuration.network.binding"))
	}
	return errs
}

func exactlyOneBinding(at *field.Path, nic *v1.Interface) field.ErrorList {
	errs := exactlyOne(at, map[string]bool{
		"bridge": nic.Bridge != nil, "masquerade": nic.Masquerade != nil, "sriov": nic.SRIOV != nil, "passtBinding": nic.PasstBinding != nil,
		"binding": nic.Binding != nil, "slirp": nic.Slirp != nil, "macvtap": nic.Macvtap != nil, "passt": nic.Passt != nil,
	})
	for _, err := range errs {
		err.Detail = "exactly one binding: bridge, masquerade, passtBinding or binding (a plugin)"
	}
	return errs
}

// macAddress checks the address that a guest is to have; taken are those of its
// other interfaces.
func macAddress(at *field.Path, nic *v1.Interface, taken map[string]bool) field.ErrorList {
	if nic.MacAddress == "" {
		return nil
	}
	mac, err := net.ParseMAC(nic.MacAddress)
	switch {
	case err != nil || len(mac) != 6:
		return field.ErrorList{field.Invalid(at, nic.MacAddress, "must look like 02:de:ad:be:ef:01")}
	case mac[0]&1 != 0:
		return field.ErrorList{field.Invalid(at, nic.MacAddress, "must not be a multicast address")}
	case nic.Masquerade != nil && strings.EqualFold(mac.String(), v1.MasqueradeGatewayMAC):
		return field.ErrorList{field.Invalid(at, nic.MacAddress, "is reserved for the gateway of masquerade")}
	case taken[mac.String()]:
		return field.ErrorList{field.Duplicate(at, nic.MacAddress)}
	}
	taken[mac.String()] = true
	return nil
}

// dhcpOptions checks what the launcher's DHCP server is to answer beyond addresses.
func dhcpOptions(at *field.Path, nic *v1.Interface) field.ErrorList {
	options := nic.DHCPOptions
	if options == nil {
		return nil
	}
	var errs field.ErrorList
	if nic.PasstBinding != nil {
		errs = append(errs, field.Forbidden(at, "passt answers the guest's DHCP requests itself; use masquerade or bridge"))
	}
	if nic.Binding != nil {
		errs = append(errs, field.Forbidden(at, "a plugin answers the guest's DHCP requests its own way; use masquerade or bridge"))
	}
	for i, server := range options.NTPServers {
		if address, err := netip.ParseAddr(server); err != nil || !address.Is4() {
			errs = append(errs, field.Invalid(at.Child("ntpServers").Index(i), server, "must be an IPv4 address"))
		}
	}
	total := len(options.NTPServers) * net.IPv4len
	text := func(at *field.Path, value string) {
		total += len(value)
		if len(value) > maxDHCPOption {
			errs = append(errs, field.TooLong(at, "", maxDHCPOption))
		}
	}
	text(at.Child("bootFileName"), options.BootFileName)
	text(at.Child("tftpServerName"), options.TFTPServerName)
	numbers := map[int]bool{}
	for i, option := range options.PrivateOptions {
		private := at.Child("privateOptions").Index(i)
		if numbers[option.Option] {
			errs = append(errs, field.Duplicate(private.Child("option"), option.Option))
		}
		numbers[option.Option] = true
		text(private.Child("value"), option.Value)
	}
	if total > maxDHCPOptions {
		errs = append(errs, field.Invalid(at, total, fmt.Sprintf("must not have more than %d bytes in all: an answer has to fit into one frame", maxDHCPOptions)))
	}
	return errs
}

const (
	// maxDHCPOption is how many bytes one option takes.
	maxDHCPOption = 255
	// maxDHCPOptions is how many bytes of all of them an answer takes. A frame of 1500
	// bytes has room for 1232 bytes of options, among them the heads of these, and the
	// addresses, names and domains that every guest is told.
	maxDHCPOptions = 640
)

// plugged refuses what nobody would act upon. A plugin that has no tap device makes the
// interface itself, from all that it says; but its link is up.
func plugged(at *field.Path, nic *v1.Interface, cfg *clusterconfig.Config) field.ErrorList {
	plugin, registered := cfg.BindingPlugin(nic)
	if registered && plugin.DomainAttachmentType == "" && nic.State == v1.InterfaceStateDown {
		return field.ErrorList{field.Forbidden(at, "the plugin "+nic.Binding.Name+" has no tap device whose link could be down")}
	}
	return nil
}
