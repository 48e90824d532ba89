package libvirt

import (
	"context"
	"errors"
	"fmt"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// freezeTimeoutSeconds is how long a guest may take to write out what it holds
// before its filesystems stand still.
const freezeTimeoutSeconds = 30

// Suspend implements hypervisor.Hypervisor.
func (h *Hypervisor) Suspend(ctx context.Context) error {
	return h.on(ctx, "stopping the virtual CPUs", (*golibvirt.Domain).Suspend)
}

// Resume implements hypervisor.Hypervisor.
func (h *Hypervisor) Resume(ctx context.Context) error {
	return h.on(ctx, "letting the virtual CPUs run", (*golibvirt.Domain).Resume)
}

// Reset implements hypervisor.Hypervisor.
func (h *Hypervisor) Reset(ctx context.Context) error {
	return h.on(ctx, "pressing the reset button", func(domain *golibvirt.Domain) error { return domain.Reset(0) })
}

// Reboot implements hypervisor.Hypervisor. By the power button libvirt starts the
// guest anew in the same QEMU once it has shut down; an agent that refuses leaves
// that as well, if the guest has one. libvirt waits for an agent that obeys to go,
// which may take as long as the guest's shutdown.
func (h *Hypervisor) Reboot(ctx context.Context, byAgent bool) error {
	return h.withDomain(ctx, func(domain *golibvirt.Domain) error {
		if byAgent {
			err := domain.Reboot(golibvirt.DOMAIN_REBOOT_GUEST_AGENT)
			if !isCode(err, golibvirt.ERR_AGENT_COMMAND_FAILED) || !hasPowerButton(domain) {
				return doing("asking the guest agent for a reboot", err)
			}
			h.log.Info("the guest agent refuses to reboot the guest, which leaves the power button", "err", err.Error())
		}
		return doing("pressing the power button for a reboot", domain.Reboot(golibvirt.DOMAIN_REBOOT_ACPI_POWER_BTN))
	})
}

// Freeze implements hypervisor.Hypervisor.
func (h *Hypervisor) Freeze(ctx context.Context) error {
	return h.withAgentFirst(ctx, freezeTimeoutSeconds, func(domain *golibvirt.Domain) error {
		return doing("having the guest agent freeze the filesystems", domain.FSFreeze(nil, 0))
	})
}

// Thaw implements hypervisor.Hypervisor.
func (h *Hypervisor) Thaw(ctx context.Context) error {
	return h.withAgentFirst(ctx, agentTimeoutSeconds, func(domain *golibvirt.Domain) error {
		return doing("having the guest agent thaw the filesystems", domain.FSThaw(nil, 0))
	})
}

// DumpMemory implements hypervisor.Hypervisor. Without DUMP_LIVE libvirt would stop the
// guest before QEMU does, and leave it so if the dump fails.
func (h *Hypervisor) DumpMemory(ctx context.Context, path string) error {
	return h.on(ctx, "dumping the guest's memory", func(domain *golibvirt.Domain) error {
		return domain.CoreDumpWithFormat(path, golibvirt.DOMAIN_CORE_DUMP_FORMAT_RAW, golibvirt.DUMP_MEMORY_ONLY|golibvirt.DUMP_LIVE)
	})
}

// on is one call on the domain.
func (h *Hypervisor) on(ctx context.Context, what string, call func(*golibvirt.Domain) error) error {
	return h.withDomain(ctx, func(domain *golibvirt.Domain) error { return doing(what, call(domain)) })
}

func doing(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, said{err})
	}
	return nil
}

// said is an error of libvirt in the words that are meant for people, part of which
// may be the guest's.
type said struct{ error }

func (s said) Error() string {
	var refused golibvirt.Error
	if errors.As(s.error, &refused) {
		return hypervisor.Bounded(refused.Message)
	}
	return s.error.Error()
}

func (s said) Unwrap() error { return s.error }
