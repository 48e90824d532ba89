package cpu

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain/toggle"
)

// Features gives the domain the platform features other than Hyper-V's.
type Features struct{}

// Apply sets ACPI, APIC, SMM and the features of KVM.
func (Features) Apply(vmi *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if domain.Features == nil {
		domain.Features = &libvirtxml.DomainFeatureList{}
	}
	list := domain.Features
	// VMware's back door is of no use here and confuses some guests.
	list.VMPort = &libvirtxml.DomainFeatureState{State: toggle.OnOff(false)}

	features := vmi.Spec.Domain.Features
	if features == nil {
		features = &v1.Features{}
	}
	if features.ACPI.IsEnabled() {
		list.ACPI = &libvirtxml.DomainFeature{}
	}
	// libvirt knows the APIC only as present or absent.
	if apic := features.APIC; apic != nil && toggle.Default(apic.Enabled, true) {
		list.APIC = &libvirtxml.DomainFeatureAPIC{}
		if apic.EndOfInterrupt {
			list.APIC.EOI = toggle.OnOff(true)
		}
	}
	if features.SMM != nil {
		list.SMM = &libvirtxml.DomainFeatureSMM{State: toggle.OnOff(features.SMM.IsEnabled())}
	}
	if features.KVM != nil {
		list.KVM = &libvirtxml.DomainFeatureKVM{Hidden: &libvirtxml.DomainFeatureState{State: toggle.OnOff(features.KVM.Hidden)}}
	}
	list.PVSpinlock = state(features.Pvspinlock)
	return nil
}

// state is nil for a feature that is not mentioned, so that the hypervisor's own
// default holds.
func state(feature *v1.FeatureState) *libvirtxml.DomainFeatureState {
	if feature == nil {
		return nil
	}
	return &libvirtxml.DomainFeatureState{State: toggle.OnOff(feature.IsEnabled())}
}
