package v1

import v1 "kubevirt.io/kubevirt/api/core/v1"

// Condition types of a VirtualMachineExport.
const (
	// ConditionReady says whether the content can be downloaded.
	ConditionReady v1.ConditionType = "Ready"
	// ConditionPVCReady says whether the source's claims can be read.
	ConditionPVCReady v1.ConditionType = "PVCReady"
	// ConditionVolumesCreated says whether claims were made from the source's snapshot.
	ConditionVolumesCreated v1.ConditionType = "VolumesCreated"
	// ConditionOCIReady says whether the digests of an OCI image are known.
	ConditionOCIReady v1.ConditionType = "OCIReady"
)

// Reasons of a VirtualMachineExport's conditions.
const (
	// ReasonInitializing: the export has only just been seen.
	ReasonInitializing = "Initializing"
	// ReasonInUse: somebody else uses the claim.
	ReasonInUse = "InUse"
	// ReasonPodPending: the pod that serves the content is not up yet.
	ReasonPodPending = "PodPending"
	// ReasonPodReady: the pod serves the content.
	ReasonPodReady = "PodReady"
	// ReasonPodCompleted: the pod has served the content and is gone.
	ReasonPodCompleted = "PodCompleted"
	// ReasonPVCBound: the claim is bound.
	ReasonPVCBound = "PVCBound"
	// ReasonPVCPending: the claim is not bound yet.
	ReasonPVCPending = "PVCPending"
	// ReasonPVCNotFound: the claim does not exist.
	ReasonPVCNotFound = "PVCNotFound"
	// ReasonVMSnapshotNotFound: the snapshot does not exist.
	ReasonVMSnapshotNotFound = "VMSnapshotNotFound"
	// ReasonVMSnapshotNoVolumes: the snapshot has no volumes.
	ReasonVMSnapshotNoVolumes = "VMSnapshotNoVolumes"
	// ReasonVMNotFound: the machine does not exist.
	ReasonVMNotFound = "VMNotFound"
	// ReasonVMNoVolumes: the machine has no volumes that can be exported.
	ReasonVMNoVolumes = "VMNoVolumes"
	// ReasonNotAllPVCsCreated: claims are still being made from the snapshot.
	ReasonNotAllPVCsCreated = "NotAllPVCsCreated"
	// ReasonVolumesNotPopulated: the machine's data volumes are not filled yet.
	ReasonVolumesNotPopulated = "VolumesNotPopulated"
	// ReasonDigestsComputed: the digests of the OCI image are known.
	ReasonDigestsComputed = "DigestsComputed"
	// ReasonDigestsPending: the digests of the OCI image are being computed.
	ReasonDigestsPending = "DigestsPending"
	// ReasonVMTemplateNotFound: the machine template does not exist.
	ReasonVMTemplateNotFound = "VMTemplateNotFound"
	// ReasonVMTemplateNotReady: the machine template is not ready.
	ReasonVMTemplateNotReady = "VMTemplateNotReady"
	// ReasonVirtualMachineBackupReady: the backup can be read.
	ReasonVirtualMachineBackupReady = "VirtualMachineBackupReady"
	// ReasonUnknown: the state could not be told.
	ReasonUnknown = "Unknown"
)
