package libvirt

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// Warm makes libvirt probe QEMU, so that the first start need not wait for it.
func (h *Hypervisor) Warm(ctx context.Context) error {
	return h.with(ctx, func(conn *golibvirt.Connect) error {
		if _, err := conn.GetVersion(); err != nil {
			return fmt.Errorf("asking libvirt for QEMU's version: %w", err)
		}
		return nil
	})
}

// Start implements hypervisor.Hypervisor. The domain is transient: nothing of
// it stays behind when it ends, and libvirtd finds it again after a restart
// all the same.
func (h *Hypervisor) Start(ctx context.Context, domainXML string, paused bool) (string, error) {
	flags := golibvirt.DOMAIN_NONE
	if paused {
		flags = golibvirt.DOMAIN_START_PAUSED
	}
	machine := ""
	err := h.with(ctx, func(conn *golibvirt.Connect) error {
		h.mu.Lock()
		h.paused = paused
		h.mu.Unlock()
		domain, err := conn.DomainCreateXML(domainXML, flags)
		if err != nil {
			return fmt.Errorf("creating the domain: %w", notStarted(err))
		}
		defer func() { _ = domain.Free() }()
		machine, err = machineOf(domain)
		return err
	})
	return machine, err
}

// qemuNoise is the time at which QEMU said something, and which of its ways to end
// libvirt noticed: they would make the same error another one at each try.
var qemuNoise = regexp.MustCompile(
	`internal error: (?:qemu unexpectedly closed the monitor|process exited while connecting to monitor): |\d{4}-\d{2}-\d{2}T[0-9:.]+Z `)

// notStarted is why a domain could not be started, in libvirt's words alone.
func notStarted(err error) error {
	var libvirtErr golibvirt.Error
	if !errors.As(err, &libvirtErr) {
		return err
	}
	return errors.New(qemuNoise.ReplaceAllString(libvirtErr.Message, ""))
}

// PressPowerButton implements hypervisor.Hypervisor.
func (h *Hypervisor) PressPowerButton(ctx context.Context) error {
	return h.withDomain(ctx, func(domain *golibvirt.Domain) error {
		err := domain.ShutdownFlags(golibvirt.DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
		if isCode(err, golibvirt.ERR_NO_SUPPORT) || isCode(err, golibvirt.ERR_INVALID_ARG) {
			err = domain.Shutdown() // libvirt's test driver knows no power button
		}
		if err != nil {
			return fmt.Errorf("pressing the power button: %w", err)
		}
		return nil
	})
}

// Destroy implements hypervisor.Hypervisor.
func (h *Hypervisor) Destroy(ctx context.Context) error {
	return h.withDomain(ctx, func(domain *golibvirt.Domain) error {
		err := domain.Destroy()
		if isCode(err, golibvirt.ERR_OPERATION_INVALID) {
			return hypervisor.ErrNoDomain // it has just stopped by itself
		}
		if err != nil {
			return fmt.Errorf("destroying the domain: %w", err)
		}
		return nil
	})
}

// Events implements hypervisor.Hypervisor.
func (h *Hypervisor) Events() <-chan hypervisor.Event { return h.events }

// liveXML is the little that is read from a live domain's XML.
type liveXML struct {
	Type struct {
		Machine string `xml:"machine,attr"`
	} `xml:"os>type"`
	ACPI     *struct{}  `xml:"features>acpi"`
	Videos   []struct{} `xml:"devices>video"`
	Channels []struct {
		Target struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
		} `xml:"target"`
	} `xml:"devices>channel"`
}

func live(domain *golibvirt.Domain) (*liveXML, error) {
	raw, err := domain.GetXMLDesc(0)
	if err != nil {
		return nil, fmt.Errorf("reading the live domain: %w", err)
	}
	parsed := &liveXML{}
	if err := xml.Unmarshal([]byte(raw), parsed); err != nil {
		return nil, fmt.Errorf("parsing the live domain: %w", err)
	}
	return parsed, nil
}

// hasPowerButton tells whether the guest could hear one.
func hasPowerButton(domain *golibvirt.Domain) bool {
	parsed, err := live(domain)
	return err == nil && parsed.ACPI != nil
}

func machineOf(domain *golibvirt.Domain) (string, error) {
	parsed, err := live(domain)
	if err != nil {
		return "", err
	}
	return parsed.Type.Machine, nil
}

// agentChannel is the virtio port the guest agent listens on.
const agentChannel = "org.qemu.guest_agent.0"

func agentConnected(domain *golibvirt.Domain) (connected, known bool) {
	parsed, err := live(domain)
	if err != nil {
		return false, false
	}
	for _, channel := range parsed.Channels {
		if channel.Target.Name == agentChannel {
			return channel.Target.State == "connected", true
		}
	}
	return false, false
}
