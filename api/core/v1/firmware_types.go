package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

type Machine struct {
	// +optional
	Type string `json:"type"`
}

type Firmware struct {
	// +optional
	UUID types.UID `json:"uuid,omitempty"`
	// +optional
	Bootloader *Bootloader `json:"bootloader,omitempty"`
	// +optional
	Serial string `json:"serial,omitempty"`
	// +optional
	KernelBoot *KernelBoot `json:"kernelBoot,omitempty"`
	// +optional
	ACPI *ACPI `json:"acpi,omitempty"`
}

type Bootloader struct {
	// +optional
	BIOS *BIOS `json:"bios,omitempty"`
	// +optional
	EFI *EFI `json:"efi,omitempty"`
}

type BIOS struct {
	// +optional
	UseSerial *bool `json:"useSerial,omitempty"`
}

type EFI struct {
	// +optional
	SecureBoot *bool `json:"secureBoot,omitempty"`
	// +optional
	Persistent *bool `json:"persistent,omitempty"`
}

type KernelBoot struct {
	// +optional
	KernelArgs string `json:"kernelArgs,omitempty"`
	// +optional
	Container *KernelBootContainer `json:"container,omitempty"`
}

type KernelBootContainer struct {
	Image string `json:"image"`
	// +optional
	ImagePullSecret string `json:"imagePullSecret,omitempty"`
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// +optional
	KernelPath string `json:"kernelPath,omitempty"`
	// +optional
	InitrdPath string `json:"initrdPath,omitempty"`
}

type ACPI struct {
	// +optional
	SlicNameRef string `json:"slicNameRef,omitempty"`
	// +optional
	MsdmNameRef string `json:"msdmNameRef,omitempty"`
}

type Chassis struct {
	// +optional
	Manufacturer string `json:"manufacturer,omitempty"`
	// +optional
	Version string `json:"version,omitempty"`
	// +optional
	Serial string `json:"serial,omitempty"`
	// +optional
	Asset string `json:"asset,omitempty"`
	// +optional
	SKU string `json:"sku,omitempty"`
}
