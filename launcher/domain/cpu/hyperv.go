package cpu

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// defaultSpinlockRetries is how often a guest tries a lock before it tells the hypervisor.
const defaultSpinlockRetries = 4096

// Hyperv gives the domain the enlightenments that Windows guests look for.
type Hyperv struct{}

// Apply sets the listed enlightenments, or all that the host has.
func (Hyperv) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	features := vmi.Spec.Domain.Features
	if features == nil || features.Hyperv == nil && features.HypervPassthrough == nil {
		return nil
	}
	if domain.Features == nil {
		domain.Features = &libvirtxml.DomainFeatureList{}
	}
	if features.Hyperv != nil {
		domain.Features.HyperV = enlightenments(features.Hyperv)
	}
	if passthrough := features.HypervPassthrough; passthrough != nil && toggle.Default(passthrough.Enabled, true) {
		domain.Features.HyperV = &libvirtxml.DomainFeatureHyperV{Mode: "passthrough"}
	}
	return nil
}

func enlightenments(hyperv *v1.FeatureHyperv) *libvirtxml.DomainFeatureHyperV {
	list := &libvirtxml.DomainFeatureHyperV{
		Mode:            "custom",
		Relaxed:         state(hyperv.Relaxed),
		VAPIC:           state(hyperv.VAPIC),
		VPIndex:         state(hyperv.VPIndex),
		Runtime:         state(hyperv.Runtime),
		Synic:           state(hyperv.SyNIC),
		Reset:           state(hyperv.Reset),
		Frequencies:     state(hyperv.Frequencies),
		ReEnlightenment: state(hyperv.Reenlightenment),
		IPI:             state(hyperv.IPI),
		EVMCS:           state(hyperv.EVMCS),
	}
	if spinlocks := hyperv.Spinlocks; spinlocks != nil {
		list.Spinlocks = &libvirtxml.DomainFeatureHyperVSpinlocks{DomainFeatureState: pointerState(spinlocks.Enabled)}
		if toggle.Default(spinlocks.Enabled, true) {
			list.Spinlocks.Retries = defaultSpinlockRetries
			if spinlocks.Spinlocks != nil {
				list.Spinlocks.Retries = uint(*spinlocks.Spinlocks)
			}
		}
	}
	if timer := hyperv.SyNICTimer; timer != nil {
		list.STimer = &libvirtxml.DomainFeatureHyperVSTimer{DomainFeatureState: pointerState(timer.Enabled), Direct: state(timer.Direct)}
	}
	if flush := hyperv.TLBFlush; flush != nil {
		list.TLBFlush = &libvirtxml.DomainFeatureHyperVTLBFlush{
			DomainFeatureState: pointerState(flush.Enabled),
			Direct:             state(flush.Direct),
			Extended:           state(flush.Extended),
		}
	}
	if vendor := hyperv.VendorID; vendor != nil {
		list.VendorId = &libvirtxml.DomainFeatureHyperVVendorId{DomainFeatureState: pointerState(vendor.Enabled)}
		if toggle.Default(vendor.Enabled, true) {
			list.VendorId.Value = vendor.VendorID
		}
	}
	return list
}

func pointerState(enabled *bool) libvirtxml.DomainFeatureState {
	return libvirtxml.DomainFeatureState{State: toggle.OnOff(toggle.Default(enabled, true))}
}
