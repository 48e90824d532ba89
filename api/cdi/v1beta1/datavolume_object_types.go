package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DataVolume is a claim that is filled from somewhere before it is used.
// +kubebuilder:object:root=true
type DataVolume struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// The claim and where its content comes from.
	Spec DataVolumeSpec `json:"spec"`
	// How far it has come.
	// +optional
	Status DataVolumeStatus `json:"status,omitempty"`
}

// DataVolumeList is a list of data volumes.
// +kubebuilder:object:root=true
type DataVolumeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// The data volumes.
	Items []DataVolume `json:"items"`
}

// DataVolumeStatus is how far a data volume has come.
type DataVolumeStatus struct {
	// The claim, which has the data volume's own name.
	// +optional
	ClaimName string `json:"claimName,omitempty"`
	// The step that is under way.
	// +optional
	Phase DataVolumePhase `json:"phase,omitempty"`
	// Share of the content that is there, such as 42.0%, or N/A.
	// +optional
	Progress string `json:"progress,omitempty"`
	// How often the filling was begun again.
	// +optional
	RestartCount int32 `json:"restartCount,omitempty"`
	// What is to be said besides.
	// +optional
	Conditions []DataVolumeCondition `json:"conditions,omitempty"`
}

// DataVolumeCondition is one thing to be said about a data volume.
type DataVolumeCondition struct {
	// Which: Ready, Bound or Running.
	Type string `json:"type"`
	// Whether it holds.
	Status corev1.ConditionStatus `json:"status"`
	// When status changed.
	// +optional
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitempty"`
	// When anything of it was written.
	// +optional
	LastHeartbeatTime metav1.Time `json:"lastHeartbeatTime,omitempty"`
	// Why, in a word.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Why, in words.
	// +optional
	Message string `json:"message,omitempty"`
}

// DataVolumePhase is a step on a data volume's way.
type DataVolumePhase string

// Values of DataVolumePhase; none before the data volume was looked at.
const (
	// DataVolumePending waits for its claim to be made.
	DataVolumePending DataVolumePhase = "Pending"
	// DataVolumePVCBound has a bound claim.
	DataVolumePVCBound DataVolumePhase = "PVCBound"
	// DataVolumeImportScheduled waits for the pod that imports.
	DataVolumeImportScheduled DataVolumePhase = "ImportScheduled"
	// DataVolumeImportInProgress is being imported.
	DataVolumeImportInProgress DataVolumePhase = "ImportInProgress"
	// DataVolumeCloneScheduled waits for the pods that clone.
	DataVolumeCloneScheduled DataVolumePhase = "CloneScheduled"
	// DataVolumeCloneInProgress is being cloned.
	DataVolumeCloneInProgress DataVolumePhase = "CloneInProgress"
	// DataVolumeSnapshotForSmartCloneInProgress waits for a snapshot of its source.
	DataVolumeSnapshotForSmartCloneInProgress DataVolumePhase = "SnapshotForSmartCloneInProgress"
	// DataVolumeCloneFromSnapshotSourceInProgress is being made from a snapshot.
	DataVolumeCloneFromSnapshotSourceInProgress DataVolumePhase = "CloneFromSnapshotSourceInProgress"
	// DataVolumeSmartClonePVCInProgress waits for a claim made from a snapshot.
	DataVolumeSmartClonePVCInProgress DataVolumePhase = "SmartClonePVCInProgress"
	// DataVolumeCSICloneInProgress is being cloned by the storage.
	DataVolumeCSICloneInProgress DataVolumePhase = "CSICloneInProgress"
	// DataVolumeExpansionInProgress is being made larger than its source.
	DataVolumeExpansionInProgress DataVolumePhase = "ExpansionInProgress"
	// DataVolumeNamespaceTransferInProgress is being moved to its namespace.
	DataVolumeNamespaceTransferInProgress DataVolumePhase = "NamespaceTransferInProgress"
	// DataVolumeUploadScheduled waits for the pod that takes an upload.
	DataVolumeUploadScheduled DataVolumePhase = "UploadScheduled"
	// DataVolumeUploadReady waits for a client to upload.
	DataVolumeUploadReady DataVolumePhase = "UploadReady"
	// DataVolumeWaitForFirstConsumer waits for a pod that uses the claim, to be filled on that pod's node.
	DataVolumeWaitForFirstConsumer DataVolumePhase = "WaitForFirstConsumer"
	// DataVolumePendingPopulation is WaitForFirstConsumer where a populator fills the claim.
	DataVolumePendingPopulation DataVolumePhase = "PendingPopulation"
	// DataVolumePrepClaimInProgress waits for its claim to be made ready for cloning.
	DataVolumePrepClaimInProgress DataVolumePhase = "PrepClaimInProgress"
	// DataVolumeRebindInProgress waits for its claim to be given the filled volume.
	DataVolumeRebindInProgress DataVolumePhase = "RebindInProgress"
	// DataVolumeSucceeded is filled.
	DataVolumeSucceeded DataVolumePhase = "Succeeded"
	// DataVolumeFailed could not be filled.
	DataVolumeFailed DataVolumePhase = "Failed"
	// DataVolumeUnknown cannot be told how far it has come.
	DataVolumeUnknown DataVolumePhase = "Unknown"
	// DataVolumePaused waits between two steps of a copy in several steps.
	DataVolumePaused DataVolumePhase = "Paused"
)
