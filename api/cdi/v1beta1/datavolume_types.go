package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type DataVolumeSpec struct {
	// +optional
	Source *DataVolumeSource `json:"source,omitempty"`
	// +optional
	SourceRef *DataVolumeSourceRef `json:"sourceRef,omitempty"`
	// +optional
	PVC *corev1.PersistentVolumeClaimSpec `json:"pvc,omitempty"`
	// +optional
	Storage *StorageSpec `json:"storage,omitempty"`
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// +optional
	ContentType DataVolumeContentType `json:"contentType,omitempty"`
	// +optional
	Checkpoints []DataVolumeCheckpoint `json:"checkpoints,omitempty"`
	// +optional
	FinalCheckpoint bool `json:"finalCheckpoint,omitempty"`
	// +optional
	Preallocation *bool `json:"preallocation,omitempty"`
}

type DataVolumeSource struct {
	// +optional
	HTTP *DataVolumeSourceHTTP `json:"http,omitempty"`
	// +optional
	S3 *DataVolumeSourceS3 `json:"s3,omitempty"`
	// +optional
	GCS *DataVolumeSourceGCS `json:"gcs,omitempty"`
	// +optional
	Registry *DataVolumeSourceRegistry `json:"registry,omitempty"`
	// +optional
	PVC *DataVolumeSourcePVC `json:"pvc,omitempty"`
	// +optional
	Upload *DataVolumeSourceUpload `json:"upload,omitempty"`
	// +optional
	Blank *DataVolumeBlankImage `json:"blank,omitempty"`
	// +optional
	ImageIO *DataVolumeSourceImageIO `json:"imageio,omitempty"`
	// +optional
	VDDK *DataVolumeSourceVDDK `json:"vddk,omitempty"`
	// +optional
	Snapshot *DataVolumeSourceSnapshot `json:"snapshot,omitempty"`
}

type DataVolumeSourceHTTP struct {
	URL string `json:"url"`
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty"`
	// +optional
	ExtraHeaders []string `json:"extraHeaders,omitempty"`
	// +optional
	SecretExtraHeaders []string `json:"secretExtraHeaders,omitempty"`
}

type DataVolumeSourceS3 struct {
	URL string `json:"url"`
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty"`
}

type DataVolumeSourceGCS struct {
	URL string `json:"url"`
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
}

type DataVolumeSourceRegistry struct {
	// +optional
	URL *string `json:"url,omitempty"`
	// +optional
	ImageStream *string `json:"imageStream,omitempty"`
	// +optional
	PullMethod *RegistryPullMethod `json:"pullMethod,omitempty"`
	// +optional
	SecretRef *string `json:"secretRef,omitempty"`
	// +optional
	CertConfigMap *string `json:"certConfigMap,omitempty"`
	// +optional
	Platform *PlatformOptions `json:"platform,omitempty"`
}

type PlatformOptions struct {
	// +optional
	Architecture string `json:"architecture,omitempty"`
}

type DataVolumeSourcePVC struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type DataVolumeSourceUpload struct {
}

type DataVolumeBlankImage struct {
}

type DataVolumeSourceImageIO struct {
	URL    string `json:"url"`
	DiskID string `json:"diskId"`
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty"`
	// +optional
	InsecureSkipVerify *bool `json:"insecureSkipVerify,omitempty"`
}

type DataVolumeSourceVDDK struct {
	// +optional
	URL string `json:"url,omitempty"`
	// +optional
	UUID string `json:"uuid,omitempty"`
	// +optional
	BackingFile string `json:"backingFile,omitempty"`
	// +optional
	Thumbprint string `json:"thumbprint,omitempty"`
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// +optional
	InitImageURL string `json:"initImageURL,omitempty"`
	// +optional
	ExtraArgs string `json:"extraArgs,omitempty"`
}

type DataVolumeSourceSnapshot struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type DataVolumeSourceRef struct {
	Kind string `json:"kind"`
	// +optional
	Namespace *string `json:"namespace,omitempty"`
	Name      string  `json:"name"`
}

type StorageSpec struct {
	// +optional
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty"`
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// +optional
	Resources corev1.VolumeResourceRequirements `json:"resources,omitempty"`
	// +optional
	VolumeName string `json:"volumeName,omitempty"`
	// +optional
	StorageClassName *string `json:"storageClassName,omitempty"`
	// +optional
	VolumeMode *corev1.PersistentVolumeMode `json:"volumeMode,omitempty"`
	// +optional
	DataSource *corev1.TypedLocalObjectReference `json:"dataSource,omitempty"`
	// +optional
	DataSourceRef *corev1.TypedObjectReference `json:"dataSourceRef,omitempty"`
}

type DataVolumeCheckpoint struct {
	Previous string `json:"previous"`
	Current  string `json:"current"`
}

type RegistryPullMethod string

// Values of RegistryPullMethod.
const (
	RegistryPullMethodPod  RegistryPullMethod = "pod"
	RegistryPullMethodNode RegistryPullMethod = "node"
)

// +kubebuilder:validation:Enum=kubevirt;archive
type DataVolumeContentType string

// Values of DataVolumeContentType.
const (
	DataVolumeContentTypeKubevirt DataVolumeContentType = "kubevirt"
	DataVolumeContentTypeArchive  DataVolumeContentType = "archive"
)
