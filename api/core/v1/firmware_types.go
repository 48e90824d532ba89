package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Machine is the virtual machine's type.
type Machine struct {
	// Machine type, such as q35 or pc-q35-10.0; the cluster's for the architecture if empty.
	// +optional
	Type string `json:"type"`
}

// Firmware describes how the guest boots.
type Firmware struct {
	// UUID that SMBIOS shows; made up at creation and kept.
	// +optional
	UUID types.UID `json:"uuid,omitempty"`
	// Firmware that loads the guest's operating system; BIOS if unset, EFI on arm64.
	// +optional
	Bootloader *Bootloader `json:"bootloader,omitempty"`
	// Serial number that SMBIOS shows; made up at creation and kept.
	// +optional
	Serial string `json:"serial,omitempty"`
	// Boots a kernel from outside the guest's disks.
	// +optional
	KernelBoot *KernelBoot `json:"kernelBoot,omitempty"`
	// ACPI tables handed to the guest.
	// +optional
	ACPI *ACPI `json:"acpi,omitempty"`
}

// Bootloader chooses the firmware; at most one is set.
type Bootloader struct {
	// Boots by BIOS.
	// +optional
	BIOS *BIOS `json:"bios,omitempty"`
	// Boots by UEFI.
	// +optional
	EFI *EFI `json:"efi,omitempty"`
}

// BIOS describes a BIOS.
type BIOS struct {
	// Prints the BIOS's messages on the serial console; false if unset.
	// +optional
	UseSerial *bool `json:"useSerial,omitempty"`
}

// EFI describes a UEFI firmware.
type EFI struct {
	// Lets only signed loaders run; true if unset, and then the feature smm must be on.
	// +optional
	SecureBoot *bool `json:"secureBoot,omitempty"`
	// Keeps the firmware's variables over restarts; false if unset.
	// +optional
	Persistent *bool `json:"persistent,omitempty"`
}

// KernelBoot boots a kernel directly.
type KernelBoot struct {
	// Command line of the kernel; needs a container.
	// +optional
	KernelArgs string `json:"kernelArgs,omitempty"`
	// Image that holds kernel and initrd.
	// +optional
	Container *KernelBootContainer `json:"container,omitempty"`
}

// KernelBootContainer is an image with a kernel, an initrd or both.
type KernelBootContainer struct {
	// Reference of the image.
	Image string `json:"image"`
	// Secret with the credentials for the image's registry.
	// +optional
	ImagePullSecret string `json:"imagePullSecret,omitempty"`
	// When the image is pulled; Always for the tag latest, else IfNotPresent.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// Absolute path of the kernel in the image.
	// +optional
	KernelPath string `json:"kernelPath,omitempty"`
	// Absolute path of the initrd in the image.
	// +optional
	InitrdPath string `json:"initrdPath,omitempty"`
}

// ACPI hands tables to the guest; each name is that of a secret volume of the instance.
type ACPI struct {
	// Volume with slic.bin, the table of a Windows licence.
	// +optional
	SlicNameRef string `json:"slicNameRef,omitempty"`
	// Volume with msdm.bin, the table of a Windows product key.
	// +optional
	MsdmNameRef string `json:"msdmNameRef,omitempty"`
}

// Chassis is what SMBIOS says about the chassis.
type Chassis struct {
	// Manufacturer as SMBIOS shows it.
	// +optional
	Manufacturer string `json:"manufacturer,omitempty"`
	// Version as SMBIOS shows it.
	// +optional
	Version string `json:"version,omitempty"`
	// Serial number as SMBIOS shows it.
	// +optional
	Serial string `json:"serial,omitempty"`
	// Asset tag as SMBIOS shows it.
	// +optional
	Asset string `json:"asset,omitempty"`
	// Stock keeping unit as SMBIOS shows it.
	// +optional
	SKU string `json:"sku,omitempty"`
}
