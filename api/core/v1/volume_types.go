package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Volume is storage that a disk or filesystem shows to the guest.
type Volume struct {
	// Name by which the disk or filesystem refers to it.
	Name string `json:"name"`
	// Where the data is; exactly one is set.
	VolumeSource `json:",inline"`
}

// HostDisk is a disk image in a directory of the node.
type HostDisk struct {
	// Absolute path of the image on the node.
	Path string `json:"path"`
	// Whether the image must exist or may be made.
	Type HostDiskType `json:"type"`
	// Size of an image that is made.
	// +optional
	Capacity resource.Quantity `json:"capacity,omitempty"`
	// Whether every node has the same image at this path; false if unset.
	// +optional
	Shared *bool `json:"shared,omitempty"`
}

// PersistentVolumeClaimVolumeSource is a claim in the instance's namespace.
type PersistentVolumeClaimVolumeSource struct {
	// Name of the claim.
	ClaimName string `json:"claimName"`
	// Mounts the claim read-only.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
	// Marks a volume that was added while the guest ran and can be removed.
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty"`
}

// CloudInitNoCloudSource is configuration in cloud-init's NoCloud form; each part comes from one of its fields.
type CloudInitNoCloudSource struct {
	// Secret with the user data under the key userdata.
	// +optional
	SecretRef *corev1.LocalObjectReference `json:"secretRef,omitempty"`
	// User data, base64; at most 2048 bytes.
	// +optional
	UserDataBase64 string `json:"userDataBase64,omitempty"`
	// User data in clear text; at most 2048 bytes.
	// +optional
	UserData string `json:"userData,omitempty"`
	// Secret with the network data under the key networkdata.
	// +optional
	NetworkDataSecretRef *corev1.LocalObjectReference `json:"networkDataSecretRef,omitempty"`
	// Network data, base64; at most 2048 bytes.
	// +optional
	NetworkDataBase64 string `json:"networkDataBase64,omitempty"`
	// Network data in clear text; at most 2048 bytes.
	// +optional
	NetworkData string `json:"networkData,omitempty"`
}

// CloudInitConfigDriveSource is configuration in OpenStack's config drive form; each part comes from one of its
// fields.
type CloudInitConfigDriveSource struct {
	// Secret with the user data under the key userdata.
	// +optional
	SecretRef *corev1.LocalObjectReference `json:"secretRef,omitempty"`
	// User data, base64; at most 2048 bytes.
	// +optional
	UserDataBase64 string `json:"userDataBase64,omitempty"`
	// User data in clear text; at most 2048 bytes.
	// +optional
	UserData string `json:"userData,omitempty"`
	// Secret with the network data under the key networkdata.
	// +optional
	NetworkDataSecretRef *corev1.LocalObjectReference `json:"networkDataSecretRef,omitempty"`
	// Network data, base64; at most 2048 bytes.
	// +optional
	NetworkDataBase64 string `json:"networkDataBase64,omitempty"`
	// Network data in clear text; at most 2048 bytes.
	// +optional
	NetworkData string `json:"networkData,omitempty"`
}

// SysprepSource holds autounattend.xml or unattend.xml; one of the two is set.
type SysprepSource struct {
	// Secret with the answer file.
	// +optional
	Secret *corev1.LocalObjectReference `json:"secret,omitempty"`
	// ConfigMap with the answer file.
	// +optional
	ConfigMap *corev1.LocalObjectReference `json:"configMap,omitempty"`
}

// ContainerDiskSource is a disk image in a container image.
type ContainerDiskSource struct {
	// Reference of the image, with a tag or digest.
	// +kubebuilder:validation:MinLength=1
	Image string `json:"image"`
	// Secret with the credentials for the image's registry.
	// +optional
	ImagePullSecret string `json:"imagePullSecret,omitempty"`
	// Absolute path of the disk in the image; the only file under /disk if empty.
	// +optional
	Path string `json:"path,omitempty"`
	// When the image is pulled; Always for the tag latest, else IfNotPresent.
	// +optional
	// +kubebuilder:validation:Enum="";Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
}

// EphemeralVolumeSource is a claim that the guest writes to in appearance only.
type EphemeralVolumeSource struct {
	// The claim, which is not changed.
	// +optional
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
}

// EmptyDiskSource is an empty disk.
type EmptyDiskSource struct {
	// Size that the guest sees; space is used as it is written.
	Capacity resource.Quantity `json:"capacity"`
}

// DataVolumeSource is a claim that a DataVolume fills.
type DataVolumeSource struct {
	// Name of the DataVolume and of its claim.
	Name string `json:"name"`
	// Marks a volume that was added while the guest ran and can be removed.
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty"`
}

// ConfigMapVolumeSource is a ConfigMap's files, on a disk as they are when the guest starts.
// +structType=atomic
type ConfigMapVolumeSource struct {
	// Name of the ConfigMap.
	// +optional
	// +kubebuilder:default=""
	Name string `json:"name,omitempty"`
	// Lets the guest start without the ConfigMap; false if unset.
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// Label of the disk that carries the files; cfgdata if empty.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[ -~]*$`
	VolumeLabel string `json:"volumeLabel,omitempty"`
}

// SecretVolumeSource is a Secret's files, on a disk as they are when the guest starts.
type SecretVolumeSource struct {
	// Name of the Secret.
	// +optional
	SecretName string `json:"secretName,omitempty"`
	// Lets the guest start without the Secret; false if unset.
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// Label of the disk that carries the files; cfgdata if empty.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[ -~]*$`
	VolumeLabel string `json:"volumeLabel,omitempty"`
}

// DownwardAPIVolumeSource is facts about the instance as files, on a disk as they are when the guest starts.
type DownwardAPIVolumeSource struct {
	// The facts and the files they go to.
	// +optional
	Fields []corev1.DownwardAPIVolumeFile `json:"fields,omitempty"`
	// Label of the disk that carries the files; cfgdata if empty.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[ -~]*$`
	VolumeLabel string `json:"volumeLabel,omitempty"`
}

// ServiceAccountVolumeSource is the credentials of a service account, on a disk as they are when the guest starts.
type ServiceAccountVolumeSource struct {
	// Name of the service account.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// DownwardMetricsVolumeSource is a disk with metrics of the node.
type DownwardMetricsVolumeSource struct {
}

// MemoryDumpVolumeSource is a claim for a dump of the guest's memory.
type MemoryDumpVolumeSource struct {
	// Name of the claim, a filesystem.
	ClaimName string `json:"claimName"`
	// Mounts the claim read-only; false is the only value allowed, as the dump is written to it.
	// +optional
	// +kubebuilder:validation:Enum=false
	ReadOnly bool `json:"readOnly,omitempty"`
	// Marks a volume that was added while the guest ran and can be removed.
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty"`
}

// ContainerPathVolumeSource is a directory of the launcher container.
type ContainerPathVolumeSource struct {
	// Absolute path in the container, without dot-dot.
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/')",message="path must be absolute"
	// +kubebuilder:validation:XValidation:rule="!self.contains('..')",message="path must not contain \"..\""
	Path string `json:"path"`
	// Keeps the guest from writing; true is the only value allowed.
	// +optional
	// +kubebuilder:default=true
	// +kubebuilder:validation:XValidation:rule="self",message="readOnly must be true"
	ReadOnly *bool `json:"readOnly,omitempty"`
}

// UtilityVolume is a claim attached to the launcher pod for a task.
type UtilityVolume struct {
	// Name of the volume, unique among all volumes.
	Name string `json:"name"`
	// Name of the claim.
	ClaimName string `json:"claimName"`
	// Mounts the claim read-only.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
	// The task that the volume serves.
	// +optional
	Type *UtilityVolumeType `json:"type,omitempty"`
}

// VolumeSource says where a volume's data is; exactly one is set.
type VolumeSource struct {
	// A disk image in a directory of the node.
	// +optional
	HostDisk *HostDisk `json:"hostDisk,omitempty"`
	// A claim in the instance's namespace, with a disk image or as a block device.
	// +optional
	PersistentVolumeClaim *PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
	// Configuration for cloud-init on a disk labelled cidata.
	// +optional
	CloudInitNoCloud *CloudInitNoCloudSource `json:"cloudInitNoCloud,omitempty"`
	// Configuration for cloud-init on a disk labelled config-2.
	// +optional
	CloudInitConfigDrive *CloudInitConfigDriveSource `json:"cloudInitConfigDrive,omitempty"`
	// Answer file for a Windows installation.
	// +optional
	Sysprep *SysprepSource `json:"sysprep,omitempty"`
	// A disk image in a container image; changes are lost when the instance ends.
	// +optional
	ContainerDisk *ContainerDiskSource `json:"containerDisk,omitempty"`
	// A claim whose content is not changed; changes are lost when the instance ends.
	// +optional
	Ephemeral *EphemeralVolumeSource `json:"ephemeral,omitempty"`
	// An empty disk that lives as long as the instance.
	// +optional
	EmptyDisk *EmptyDiskSource `json:"emptyDisk,omitempty"`
	// A claim that a DataVolume of the same name fills.
	// +optional
	DataVolume *DataVolumeSource `json:"dataVolume,omitempty"`
	// The files of a ConfigMap.
	// +optional
	ConfigMap *ConfigMapVolumeSource `json:"configMap,omitempty"`
	// The files of a Secret.
	// +optional
	Secret *SecretVolumeSource `json:"secret,omitempty"`
	// Facts about the instance as files.
	// +optional
	DownwardAPI *DownwardAPIVolumeSource `json:"downwardAPI,omitempty"`
	// The credentials of a service account as files.
	// +optional
	ServiceAccount *ServiceAccountVolumeSource `json:"serviceAccount,omitempty"`
	// A small disk from which the guest reads metrics of its node.
	// +optional
	DownwardMetrics *DownwardMetricsVolumeSource `json:"downwardMetrics,omitempty"`
	// A claim that receives a dump of the guest's memory; the guest does not see it.
	// +optional
	MemoryDump *MemoryDumpVolumeSource `json:"memoryDump,omitempty"`
	// A directory of the launcher container, shared as a filesystem.
	// +optional
	ContainerPath *ContainerPathVolumeSource `json:"containerPath,omitempty"`
}

// HostDiskType says whether a disk image on a node must exist.
// +kubebuilder:validation:Enum=DiskOrCreate;Disk
type HostDiskType string

// Values of HostDiskType.
const (
	// HostDiskTypeDiskOrCreate makes the image where it does not exist.
	HostDiskTypeDiskOrCreate HostDiskType = "DiskOrCreate"
	// HostDiskTypeDisk needs the image to exist.
	HostDiskTypeDisk HostDiskType = "Disk"
)

// UtilityVolumeType is a task that needs a volume beside the guest's.
type UtilityVolumeType string

// Values of UtilityVolumeType.
const (
	// UtilityVolumeTypeMemoryDump receives a memory dump.
	UtilityVolumeTypeMemoryDump UtilityVolumeType = "MemoryDump"
	// UtilityVolumeTypeBackup receives a backup.
	UtilityVolumeTypeBackup UtilityVolumeType = "Backup"
)
