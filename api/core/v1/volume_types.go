package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

type Volume struct {
	Name         string `json:"name"`
	VolumeSource `json:",inline"`
}

type HostDisk struct {
	Path string       `json:"path"`
	Type HostDiskType `json:"type"`
	// +optional
	Capacity resource.Quantity `json:"capacity,omitempty"`
	// +optional
	Shared *bool `json:"shared,omitempty"`
}

type PersistentVolumeClaimVolumeSource struct {
	ClaimName string `json:"claimName"`
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty"`
}

type CloudInitNoCloudSource struct {
	// +optional
	SecretRef *corev1.LocalObjectReference `json:"secretRef,omitempty"`
	// +optional
	UserDataBase64 string `json:"userDataBase64,omitempty"`
	// +optional
	UserData string `json:"userData,omitempty"`
	// +optional
	NetworkDataSecretRef *corev1.LocalObjectReference `json:"networkDataSecretRef,omitempty"`
	// +optional
	NetworkDataBase64 string `json:"networkDataBase64,omitempty"`
	// +optional
	NetworkData string `json:"networkData,omitempty"`
}

type CloudInitConfigDriveSource struct {
	// +optional
	SecretRef *corev1.LocalObjectReference `json:"secretRef,omitempty"`
	// +optional
	UserDataBase64 string `json:"userDataBase64,omitempty"`
	// +optional
	UserData string `json:"userData,omitempty"`
	// +optional
	NetworkDataSecretRef *corev1.LocalObjectReference `json:"networkDataSecretRef,omitempty"`
	// +optional
	NetworkDataBase64 string `json:"networkDataBase64,omitempty"`
	// +optional
	NetworkData string `json:"networkData,omitempty"`
}

type SysprepSource struct {
	// +optional
	Secret *corev1.LocalObjectReference `json:"secret,omitempty"`
	// +optional
	ConfigMap *corev1.LocalObjectReference `json:"configMap,omitempty"`
}

type ContainerDiskSource struct {
	Image string `json:"image"`
	// +optional
	ImagePullSecret string `json:"imagePullSecret,omitempty"`
	// +optional
	Path string `json:"path,omitempty"`
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
}

type EphemeralVolumeSource struct {
	// +optional
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
}

type EmptyDiskSource struct {
	Capacity resource.Quantity `json:"capacity"`
}

type DataVolumeSource struct {
	Name string `json:"name"`
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty"`
}

// +structType=atomic
type ConfigMapVolumeSource struct {
	// +optional
	// +kubebuilder:default=""
	Name string `json:"name,omitempty"`
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// +optional
	VolumeLabel string `json:"volumeLabel,omitempty"`
}

type SecretVolumeSource struct {
	// +optional
	SecretName string `json:"secretName,omitempty"`
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// +optional
	VolumeLabel string `json:"volumeLabel,omitempty"`
}

type DownwardAPIVolumeSource struct {
	// +optional
	Fields []corev1.DownwardAPIVolumeFile `json:"fields,omitempty"`
	// +optional
	VolumeLabel string `json:"volumeLabel,omitempty"`
}

type ServiceAccountVolumeSource struct {
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

type DownwardMetricsVolumeSource struct {
}

type MemoryDumpVolumeSource struct {
	ClaimName string `json:"claimName"`
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty"`
}

type ContainerPathVolumeSource struct {
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/')",message="path must be absolute"
	// +kubebuilder:validation:XValidation:rule="!self.contains('..')",message="path must not contain \"..\""
	Path string `json:"path"`
	// +optional
	// +kubebuilder:default=true
	// +kubebuilder:validation:XValidation:rule="self",message="readOnly must be true"
	ReadOnly *bool `json:"readOnly,omitempty"`
}

type UtilityVolume struct {
	Name      string `json:"name"`
	ClaimName string `json:"claimName"`
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
	// +optional
	Type *UtilityVolumeType `json:"type,omitempty"`
}

type VolumeSource struct {
	// +optional
	HostDisk *HostDisk `json:"hostDisk,omitempty"`
	// +optional
	PersistentVolumeClaim *PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
	// +optional
	CloudInitNoCloud *CloudInitNoCloudSource `json:"cloudInitNoCloud,omitempty"`
	// +optional
	CloudInitConfigDrive *CloudInitConfigDriveSource `json:"cloudInitConfigDrive,omitempty"`
	// +optional
	Sysprep *SysprepSource `json:"sysprep,omitempty"`
	// +optional
	ContainerDisk *ContainerDiskSource `json:"containerDisk,omitempty"`
	// +optional
	Ephemeral *EphemeralVolumeSource `json:"ephemeral,omitempty"`
	// +optional
	EmptyDisk *EmptyDiskSource `json:"emptyDisk,omitempty"`
	// +optional
	DataVolume *DataVolumeSource `json:"dataVolume,omitempty"`
	// +optional
	ConfigMap *ConfigMapVolumeSource `json:"configMap,omitempty"`
	// +optional
	Secret *SecretVolumeSource `json:"secret,omitempty"`
	// +optional
	DownwardAPI *DownwardAPIVolumeSource `json:"downwardAPI,omitempty"`
	// +optional
	ServiceAccount *ServiceAccountVolumeSource `json:"serviceAccount,omitempty"`
	// +optional
	DownwardMetrics *DownwardMetricsVolumeSource `json:"downwardMetrics,omitempty"`
	// +optional
	MemoryDump *MemoryDumpVolumeSource `json:"memoryDump,omitempty"`
	// +optional
	ContainerPath *ContainerPathVolumeSource `json:"containerPath,omitempty"`
}

type HostDiskType string

// Values of HostDiskType.
const (
	HostDiskTypeDiskOrCreate HostDiskType = "DiskOrCreate"
	HostDiskTypeDisk         HostDiskType = "Disk"
)

type UtilityVolumeType string

// Values of UtilityVolumeType.
const (
	UtilityVolumeTypeMemoryDump UtilityVolumeType = "MemoryDump"
	UtilityVolumeTypeBackup     UtilityVolumeType = "Backup"
)
