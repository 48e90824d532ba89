package libvirt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// What the guest says is bounded before anything else sees it.
const (
	agentTimeoutSeconds = 5
	// commandTimeoutSeconds is for commands that carry data or touch the guest's disks.
	commandTimeoutSeconds = 10
	maxGuestInterfaces    = 64
	maxGuestAddresses     = 32
)

// GuestInfo implements hypervisor.Hypervisor. What an old agent does not know
// is left empty.
func (h *Hypervisor) GuestInfo(ctx context.Context) (*hypervisor.GuestInfo, error) {
	info := &hypervisor.GuestInfo{}
	err := h.withAgent(ctx, agentTimeoutSeconds, func(domain *golibvirt.Domain) error {
		raw, err := domain.QemuAgentCommand(`{"execute":"guest-info"}`, agentTimeoutSeconds, 0)
		if err != nil {
			return fmt.Errorf("asking the guest agent for its version: %w", err)
		}
		info.AgentVersion = agentVersion(raw)
		return nil
	})
	// Without types libvirt asks for everything the agent offers and skips
	// the rest; with types an old agent makes the whole call fail.
	for _, kind := range []golibvirt.DomainGuestInfoTypes{
		golibvirt.DOMAIN_GUEST_INFO_OS, golibvirt.DOMAIN_GUEST_INFO_HOSTNAME,
		golibvirt.DOMAIN_GUEST_INFO_TIMEZONE, golibvirt.DOMAIN_GUEST_INFO_INTERFACES,
	} {
		if err != nil {
			return nil, err
		}
		err = h.withAgent(ctx, agentTimeoutSeconds, func(domain *golibvirt.Domain) error {
			if answer, err := domain.GetGuestInfo(kind, 0); err == nil {
				merge(info, answer)
			}
			return nil
		})
	}
	return info, err
}

// AskAgent implements hypervisor.Hypervisor.
func (h *Hypervisor) AskAgent(ctx context.Context, command string) (answer string, err error) {
	err = h.withAgent(ctx, commandTimeoutSeconds, func(domain *golibvirt.Domain) error {
		answer, err = domain.QemuAgentCommand(command, commandTimeoutSeconds, 0)
		return inAgentsWords(err)
	})
	return answer, err
}

// refused is what the guest agent has refused, in its own words.
type refused struct{ said }

func (refused) Is(target error) bool { return target == hypervisor.ErrRefused }

// inAgentsWords leaves of a refusal what the agent said, which libvirt introduces at
// length, with error codes that differ between its versions.
func inAgentsWords(err error) error {
	var answer golibvirt.Error
	if !errors.As(err, &answer) {
		return err
	}
	if _, words, found := strings.Cut(answer.Message, "unable to execute QEMU agent command '"); found {
		_, answer.Message, _ = strings.Cut(words, "': ")
		return refused{said{answer}}
	}
	return said{err}
}

// withAgent is withDomain for a conversation with the guest agent, in which an
// answer may take some seconds.
func (h *Hypervisor) withAgent(ctx context.Context, seconds int, do func(*golibvirt.Domain) error) error {
	return h.inTurn(ctx, false, seconds, do)
}

// withAgentFirst is withAgent before all who wait: a guest must not stand still for
// other people's questions.
func (h *Hypervisor) withAgentFirst(ctx context.Context, seconds int, do func(*golibvirt.Domain) error) error {
	return h.inTurn(ctx, true, seconds, do)
}

func (h *Hypervisor) inTurn(ctx context.Context, first bool, seconds int, do func(*golibvirt.Domain) error) error {
	if err := h.agent.take(ctx, first); err != nil {
		return err
	}
	defer h.agent.give()
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
	return hypervisor.Bounded(answer.Return.Version)
}

// merge copies what answer has into info.
func merge(info *hypervisor.GuestInfo, answer *golibvirt.DomainGuestInfo) {
	if answer.HostnameSet {
		info.Hostname = hypervisor.Bounded(answer.Hostname)
	}
	if zone := answer.TimeZone; zone != nil && zone.NameSet {
		info.Timezone = hypervisor.Bounded(zone.Name)
		if zone.OffsetSet {
			info.Timezone = fmt.Sprintf("%s, %d", info.Timezone, zone.Offset)
		}
	}
	// The binding gives an OS without values to answers that have none.
	if os := answer.OS; os != nil && (os.IDSet || os.NameSet || os.KernelReleaseSet) {
		info.OSID, info.OSName = hypervisor.Bounded(os.ID), hypervisor.Bounded(os.Name)
		info.OSPrettyName = hypervisor.Bounded(os.PrettyName)
		info.OSVersion, info.OSVersionID = hypervisor.Bounded(os.Version), hypervisor.Bounded(os.VersionID)
		info.KernelRelease, info.KernelVersion = hypervisor.Bounded(os.KernelRelease), hypervisor.Bounded(os.KernelVersion)
		info.OSMachine = hypervisor.Bounded(os.Machine)
	}
	for i, nic := range answer.Interfaces {
		if i == maxGuestInterfaces {
			break
		}
		guest := hypervisor.GuestInterface{Name: hypervisor.Bounded(nic.Name), MAC: hypervisor.Bounded(nic.Hwaddr)}
		for j, address := range nic.Addrs {
			if j == maxGuestAddresses {
				break
			}
			guest.IPs = append(guest.IPs, hypervisor.Bounded(address.Addr))
		}
		info.Interfaces = append(info.Interfaces, guest)
	}
}
