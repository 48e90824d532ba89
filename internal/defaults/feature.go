package defaults

import v1 "kubevirt.io/kubevirt/api/core/v1"

// spinlockRetries is what Windows guests are recommended to try.
const spinlockRetries = 4096

// features switches on whatever is named without being switched off, and what it
// depends on.
func features(domain *v1.DomainSpec) {
	if domain.Features == nil {
		domain.Features = &v1.Features{}
	}
	f := domain.Features
	setPointer(&f.ACPI.Enabled, true)
	if f.APIC != nil {
		setPointer(&f.APIC.Enabled, true)
	}
	enable(f.SMM, f.Pvspinlock)
	if f.HypervPassthrough != nil {
		setPointer(&f.HypervPassthrough.Enabled, true)
	}
	if f.Hyperv != nil {
		hyperv(f.Hyperv)
		if f.Hyperv.EVMCS.IsEnabled() {
			nestedVirtualization(domain)
		}
	}
}

func hyperv(h *v1.FeatureHyperv) {
	enable(h.Relaxed, h.VAPIC, h.VPIndex, h.Runtime, h.SyNIC, h.Reset, h.Frequencies, h.Reenlightenment, h.IPI, h.EVMCS)
	if h.Spinlocks != nil {
		setPointer(&h.Spinlocks.Enabled, true)
		setPointer(&h.Spinlocks.Spinlocks, spinlockRetries)
	}
	if h.VendorID != nil {
		setPointer(&h.VendorID.Enabled, true)
	}
	if h.SyNICTimer != nil {
		setPointer(&h.SyNICTimer.Enabled, true)
		enable(h.SyNICTimer.Direct)
		requireFeature(&h.SyNIC)
	}
	if h.TLBFlush != nil {
		setPointer(&h.TLBFlush.Enabled, true)
		enable(h.TLBFlush.Direct, h.TLBFlush.Extended)
		requireFeature(&h.VPIndex)
	}
	if h.SyNIC != nil || h.IPI != nil {
		requireFeature(&h.VPIndex)
	}
	if h.EVMCS != nil {
		requireFeature(&h.VAPIC)
	}
}

// nestedVirtualization gives the guest what evmcs speeds up, unless the user said
// something of it.
func nestedVirtualization(domain *v1.DomainSpec) {
	if domain.CPU == nil {
		domain.CPU = &v1.CPU{}
	}
	for _, feature := range domain.CPU.Features {
		if feature.Name == "vmx" {
			return
		}
	}
	domain.CPU.Features = append(domain.CPU.Features, v1.CPUFeature{Name: "vmx", Policy: "require"})
}

func enable(features ...*v1.FeatureState) {
	for _, feature := range features {
		if feature != nil {
			setPointer(&feature.Enabled, true)
		}
	}
}

// requireFeature adds a feature that another one cannot work without, unless the
// user said something of it.
func requireFeature(feature **v1.FeatureState) {
	if *feature == nil {
		*feature = &v1.FeatureState{}
	}
	enable(*feature)
}

func clock(clock *v1.Clock) {
	if clock == nil || clock.Timer == nil {
		return
	}
	timer := clock.Timer
	if timer.RTC != nil {
		setPointer(&timer.RTC.Present, true)
	}
	if timer.PIT != nil {
		setPointer(&timer.PIT.Present, true)
	}
	if timer.HPET != nil {
		setPointer(&timer.HPET.Present, true)
	}
	if timer.KVM != nil {
		setPointer(&timer.KVM.Present, true)
	}
	if timer.Hyperv != nil {
		setPointer(&timer.Hyperv.Present, true)
	}
}

func watchdog(watchdog *v1.Watchdog) {
	if watchdog == nil {
		return
	}
	if watchdog.I6300ESB != nil {
		setDefault(&watchdog.I6300ESB.Action, v1.WatchdogActionReset)
	}
	if watchdog.Diag288 != nil {
		setDefault(&watchdog.Diag288.Action, v1.WatchdogActionReset)
	}
}

// probe has the defaults of pods.
func probe(probe *v1.Probe) {
	if probe == nil {
		return
	}
	for field, value := range map[*int32]int32{
		&probe.TimeoutSeconds: 1, &probe.PeriodSeconds: 10, &probe.SuccessThreshold: 1, &probe.FailureThreshold: 3,
	} {
		if *field == 0 {
			*field = value
		}
	}
}

func inputs(inputs []v1.Input) {
	for i := range inputs {
		setDefault(&inputs[i].Bus, v1.InputBusUSB)
		setDefault(&inputs[i].Type, v1.InputTypeTablet)
	}
}
