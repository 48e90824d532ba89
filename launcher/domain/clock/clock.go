// Package clock turns an instance's clock into its part of the domain.
package clock

import (
	"strconv"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// Clock gives the domain its clock and timers.
type Clock struct{}

// Apply sets where the clock starts and which timers the guest finds. A clock that
// says nothing runs in UTC.
func (Clock) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	domain.Clock = &libvirtxml.DomainClock{Offset: "utc"}
	clock := vmi.Spec.Domain.Clock
	if clock == nil {
		return nil
	}
	switch {
	case clock.Timezone != nil:
		domain.Clock.Offset = "timezone"
		domain.Clock.TimeZone = string(*clock.Timezone)
	case clock.UTC != nil:
		domain.Clock.Adjustment = "reset"
		if clock.UTC.OffsetSeconds != nil {
			domain.Clock.Adjustment = strconv.Itoa(*clock.UTC.OffsetSeconds)
		}
	}
	if clock.Timer != nil {
		domain.Clock.Timer = timers(clock.Timer)
	}
	return nil
}

func timers(timer *v1.Timer) []libvirtxml.DomainTimer {
	var list []libvirtxml.DomainTimer
	add := func(name string, present *bool, policy, track string) {
		list = append(list, libvirtxml.DomainTimer{
			Name: name, Present: toggle.YesNo(toggle.Default(present, true)), TickPolicy: policy, Track: track,
		})
	}
	if rtc := timer.RTC; rtc != nil {
		add("rtc", rtc.Present, string(rtc.TickPolicy), string(rtc.Track))
	}
	if pit := timer.PIT; pit != nil {
		add("pit", pit.Present, string(pit.TickPolicy), "")
	}
	if kvm := timer.KVM; kvm != nil {
		add("kvmclock", kvm.Present, "", "")
	}
	if hpet := timer.HPET; hpet != nil {
		add("hpet", hpet.Present, string(hpet.TickPolicy), "")
	}
	if hyperv := timer.Hyperv; hyperv != nil {
		add("hypervclock", hyperv.Present, "", "")
	}
	return list
}
