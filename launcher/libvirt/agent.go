package libvirt

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// What the guest says is bounded before anything else sees it.
const (
	agentTimeoutSeconds = 5
	maxGuestString      = 256
	maxGuestInterfaces  = 64
	maxGuestAddresses   = 32
)

// GuestInfo implements hypervisor.Hypervisor. What an old agent does not know
// is left empty.
func (h *Hypervisor) GuestInfo(ctx context.Context) (*hypervisor.GuestInfo, error) {
	var info *hypervisor.GuestInfo
	err := h.withAgent(ctx, agentTimeoutSeconds, func(domain *golibvirt.Domain) error {
		raw, err := domain.QemuAgentCommand(`{"execute":"guest-info"}`, agentTimeoutSeconds, 0)
		if err != nil {
			return fmt.Errorf("asking the guest agent for its version: %w", err)
		}
		info = &hypervisor.GuestInfo{AgentVersion: agentVersion(raw)}
		// Without types libvirt asks for everything the agent offers and skips
		// the rest; with types an old agent makes the whole call fail.
		for _, kind := range []golibvirt.DomainGuestInfoTypes{
			golibvirt.DOMAIN_GUEST_INFO_OS, golibvirt.DOMAIN_GUEST_INFO_HOSTNAME,
			golibvirt.DOMAIN_GUEST_INFO_TIMEZONE, golibvirt.DOMAIN_GUEST_INFO_INTERFACES,
		} {
			if answer, err := domain.GetGuestInfo(kind, 0); err == nil {
				merge(info, answer)
			}
		}
		return nil
	})
	return info, err
}

// withAgent is withDomain for a conversation with the guest agent, in which each
// answer may take some seconds.
func (h *Hypervisor) withAgent(ctx context.Context, seconds int, do func(*golibvirt.Domain) error) error {
	h.agent.Lock()
	defer h.agent.Unlock()
	return h.withDomain(ctx, func(domain *golibvirt.Domain) error {
		if err := domain.AgentSetResponseTimeout(seconds, 0); err != nil {
			return fmt.Errorf("limiting the guest agent's time to answer: %w", err)
		}
		return do(domain)
	})
}

func agentVersion(raw string) string {
	var answer struct {
		Return struct {
			Version string `json:"version"`
		} `json:"return"`
	}
	if err := json.Unmarshal([]byte(raw), &answer); err != nil {
		return ""
	}
	return bounded(answer.Return.Version)
}

// merge copies what answer has into info.
func merge(info *hypervisor.GuestInfo, answer *golibvirt.DomainGuestInfo) {
	if answer.HostnameSet {
		info.Hostname = bounded(answer.Hostname)
	}
	if zone := answer.TimeZone; zone != nil && zone.NameSet {
		info.Timezone = bounded(zone.Name)
		if zone.OffsetSet {
			info.Timezone = fmt.Sprintf("%s, %d", info.Timezone, zone.Offset)
		}
	}
	// The binding gives an OS without values to answers that have none.
	if os := answer.OS; os != nil && (os.IDSet || os.NameSet || os.KernelReleaseSet) {
		info.OSID, info.OSName, info.OSPrettyName = bounded(os.ID), bounded(os.Name), bounded(os.PrettyName)
		info.OSVersion, info.OSVersionID = bounded(os.Version), bounded(os.VersionID)
		info.KernelRelease, info.KernelVersion = bounded(os.KernelRelease), bounded(os.KernelVersion)
		info.OSMachine = bounded(os.Machine)
	}
	for i, nic := range answer.Interfaces {
		if i == maxGuestInterfaces {
			break
		}
		guest := hypervisor.GuestInterface{Name: bounded(nic.Name), MAC: bounded(nic.Hwaddr)}
		for j, address := range nic.Addrs {
			if j == maxGuestAddresses {
				break
			}
			guest.IPs = append(guest.IPs, bounded(address.Addr))
		}
		info.Interfaces = append(info.Interfaces, guest)
	}
}

// bounded makes a guest's string short, valid and printable.
func bounded(s string) string {
	if len(s) > maxGuestString {
		s = s[:maxGuestString]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
