package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DataVolumeSpec describes a claim and where its content comes from.
type DataVolumeSpec struct {
	// Where the content comes from.
	// +optional
	Source *DataVolumeSource `json:"source,omitempty"`
	// A DataSource that says where the content comes from, instead of source.
	// +optional
	SourceRef *DataVolumeSourceRef `json:"sourceRef,omitempty"`
	// The claim, in full.
	// +optional
	PVC *corev1.PersistentVolumeClaimSpec `json:"pvc,omitempty"`
	// The claim, completed from what is known about its storage class.
	// +optional
	Storage *StorageSpec `json:"storage,omitempty"`
	// Priority class of the pods that fill the claim.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// kubevirt for a disk image, archive for a file tree; kubevirt if empty.
	// +optional
	ContentType DataVolumeContentType `json:"contentType,omitempty"`
	// Snapshots of the source to copy one after the other.
	// +optional
	Checkpoints []DataVolumeCheckpoint `json:"checkpoints,omitempty"`
	// Whether the last checkpoint completes the copy.
	// +optional
	FinalCheckpoint bool `json:"finalCheckpoint,omitempty"`
	// Takes all the space of the disk image from the start.
	// +optional
	Preallocation *bool `json:"preallocation,omitempty"`
}

// DataVolumeSource says where content comes from; exactly one is set.
type DataVolumeSource struct {
	// A web server.
	// +optional
	HTTP *DataVolumeSourceHTTP `json:"http,omitempty"`
	// An S3 bucket.
	// +optional
	S3 *DataVolumeSourceS3 `json:"s3,omitempty"`
	// A Google Cloud Storage bucket.
	// +optional
	GCS *DataVolumeSourceGCS `json:"gcs,omitempty"`
	// A container image.
	// +optional
	Registry *DataVolumeSourceRegistry `json:"registry,omitempty"`
	// Another claim.
	// +optional
	PVC *DataVolumeSourcePVC `json:"pvc,omitempty"`
	// An upload by a client.
	// +optional
	Upload *DataVolumeSourceUpload `json:"upload,omitempty"`
	// An empty disk image.
	// +optional
	Blank *DataVolumeBlankImage `json:"blank,omitempty"`
	// An oVirt image.
	// +optional
	ImageIO *DataVolumeSourceImageIO `json:"imageio,omitempty"`
	// A VMware disk.
	// +optional
	VDDK *DataVolumeSourceVDDK `json:"vddk,omitempty"`
	// A volume snapshot.
	// +optional
	Snapshot *DataVolumeSourceSnapshot `json:"snapshot,omitempty"`
}

// DataVolumeSourceHTTP is a file on a web server.
type DataVolumeSourceHTTP struct {
	// Address of the file.
	URL string `json:"url"`
	// Secret with accessKeyId and secretKey as user and password.
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// ConfigMap with the server's CA.
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty"`
	// Headers of the request, as Name: value.
	// +optional
	ExtraHeaders []string `json:"extraHeaders,omitempty"`
	// Secrets whose values are headers of the request.
	// +optional
	SecretExtraHeaders []string `json:"secretExtraHeaders,omitempty"`
}

// DataVolumeSourceS3 is an object in an S3 bucket.
type DataVolumeSourceS3 struct {
	// Address of the object.
	URL string `json:"url"`
	// Secret with accessKeyId and secretKey.
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// ConfigMap with the server's CA.
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty"`
}

// DataVolumeSourceGCS is an object in a Google Cloud Storage bucket.
type DataVolumeSourceGCS struct {
	// Address of the object.
	URL string `json:"url"`
	// Secret with the credentials.
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
}

// DataVolumeSourceRegistry is a disk in a container image; either url or imageStream is set.
type DataVolumeSourceRegistry struct {
	// Address of the image, with docker:// or oci-archive:// in front.
	// +optional
	URL *string `json:"url,omitempty"`
	// Image stream in the same namespace.
	// +optional
	ImageStream *string `json:"imageStream,omitempty"`
	// Who pulls: pod or node; pod if unset.
	// +optional
	PullMethod *RegistryPullMethod `json:"pullMethod,omitempty"`
	// Secret with accessKeyId and secretKey as user and password.
	// +optional
	SecretRef *string `json:"secretRef,omitempty"`
	// ConfigMap with the registry's CA.
	// +optional
	CertConfigMap *string `json:"certConfigMap,omitempty"`
	// Which of the image's platforms is meant.
	// +optional
	Platform *PlatformOptions `json:"platform,omitempty"`
}

// PlatformOptions chooses one platform of an image.
type PlatformOptions struct {
	// CPU architecture, such as amd64.
	// +optional
	Architecture string `json:"architecture,omitempty"`
}

// DataVolumeSourcePVC is another claim.
type DataVolumeSourcePVC struct {
	// Namespace of the claim.
	Namespace string `json:"namespace"`
	// Name of the claim.
	Name string `json:"name"`
}

// DataVolumeSourceUpload waits for a client to send the content.
type DataVolumeSourceUpload struct {
}

// DataVolumeBlankImage makes an empty disk image.
type DataVolumeBlankImage struct {
}

// DataVolumeSourceImageIO is a disk of oVirt.
type DataVolumeSourceImageIO struct {
	// Address of the oVirt engine.
	URL string `json:"url"`
	// Identity of the disk.
	DiskID string `json:"diskId"`
	// Secret with accessKeyId and secretKey as user and password.
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// ConfigMap with the engine's CA.
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty"`
	// Accepts any certificate of the engine.
	// +optional
	InsecureSkipVerify *bool `json:"insecureSkipVerify,omitempty"`
}

// DataVolumeSourceVDDK is a disk of VMware.
type DataVolumeSourceVDDK struct {
	// Address of the vCenter or ESXi host.
	// +optional
	URL string `json:"url,omitempty"`
	// UUID of the machine.
	// +optional
	UUID string `json:"uuid,omitempty"`
	// Path of the disk.
	// +optional
	BackingFile string `json:"backingFile,omitempty"`
	// Fingerprint of the host's certificate.
	// +optional
	Thumbprint string `json:"thumbprint,omitempty"`
	// Secret with accessKeyId and secretKey as user and password.
	// +optional
	SecretRef string `json:"secretRef,omitempty"`
	// Image with the VDDK library.
	// +optional
	InitImageURL string `json:"initImageURL,omitempty"`
	// ConfigMap with further arguments for the library.
	// +optional
	ExtraArgs string `json:"extraArgs,omitempty"`
}

// DataVolumeSourceSnapshot is a volume snapshot.
type DataVolumeSourceSnapshot struct {
	// Namespace of the snapshot.
	Namespace string `json:"namespace"`
	// Name of the snapshot.
	Name string `json:"name"`
}

// DataVolumeSourceRef names an object that says where content comes from.
type DataVolumeSourceRef struct {
	// Kind of the object; DataSource.
	Kind string `json:"kind"`
	// Namespace of the object; the data volume's if unset.
	// +optional
	Namespace *string `json:"namespace,omitempty"`
	// Name of the object.
	Name string `json:"name"`
}

// StorageSpec is a claim that is completed from what is known about its storage class.
type StorageSpec struct {
	// Access modes; the best the class has if none.
	// +optional
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty"`
	// Labels of the volume to bind.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// Size; that of the source if unset.
	// +optional
	Resources corev1.VolumeResourceRequirements `json:"resources,omitempty"`
	// Volume to bind.
	// +optional
	VolumeName string `json:"volumeName,omitempty"`
	// Storage class; the default class for guests, else the cluster's, if unset.
	// +optional
	StorageClassName *string `json:"storageClassName,omitempty"`
	// Block or Filesystem; what suits the class best if unset.
	// +optional
	VolumeMode *corev1.PersistentVolumeMode `json:"volumeMode,omitempty"`
	// Object the storage itself fills the claim from.
	// +optional
	DataSource *corev1.TypedLocalObjectReference `json:"dataSource,omitempty"`
	// Object, of any kind, the storage itself fills the claim from.
	// +optional
	DataSourceRef *corev1.TypedObjectReference `json:"dataSourceRef,omitempty"`
}

// DataVolumeCheckpoint is a step of a copy in several steps.
type DataVolumeCheckpoint struct {
	// Snapshot the step begins from; empty for the first.
	Previous string `json:"previous"`
	// Snapshot the step ends at.
	Current string `json:"current"`
}

// RegistryPullMethod is who pulls an image.
type RegistryPullMethod string

// Values of RegistryPullMethod.
const (
	// RegistryPullMethodPod has a pod read the image from the registry.
	RegistryPullMethodPod RegistryPullMethod = "pod"
	// RegistryPullMethodNode has the node's container runtime pull the image.
	RegistryPullMethodNode RegistryPullMethod = "node"
)

// DataVolumeContentType is what a claim holds.
// +kubebuilder:validation:Enum=kubevirt;archive
type DataVolumeContentType string

// Values of DataVolumeContentType.
const (
	// DataVolumeContentTypeKubevirt is a disk image.
	DataVolumeContentTypeKubevirt DataVolumeContentType = "kubevirt"
	// DataVolumeContentTypeArchive is a file tree.
	DataVolumeContentTypeArchive DataVolumeContentType = "archive"
)
