package cpu

import (
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Emulation configures QEMU's own emulator.
type Emulation struct {
	// Used tells that the guest runs under it.
	Used bool
	// TranslationCacheMiB bounds the cache of translated code; 0 leaves QEMU's default.
	TranslationCacheMiB uint
}

// Apply bounds the cache of translated code, which otherwise grows to the size of
// a small guest.
func (e Emulation) Apply(_ *v1.VirtualMachineInstance, domain *libvirtxml.Domain) error {
	if !e.Used || e.TranslationCacheMiB == 0 {
		return nil
	}
	if domain.Features == nil {
		domain.Features = &libvirtxml.DomainFeatureList{}
	}
	domain.Features.TCG = &libvirtxml.DomainFeatureTCG{
		TBCache: &libvirtxml.DomainFeatureTCGTBCache{Unit: "MiB", Size: e.TranslationCacheMiB},
	}
	return nil
}
