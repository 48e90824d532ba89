package v1

type InstancetypeMatcher struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	Kind string `json:"kind,omitempty"`
	// +optional
	RevisionName string `json:"revisionName,omitempty"`
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty"`
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty"`
}

type PreferenceMatcher struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	Kind string `json:"kind,omitempty"`
	// +optional
	RevisionName string `json:"revisionName,omitempty"`
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty"`
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty"`
}

type InstancetypeStatusRef struct {
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	Kind string `json:"kind,omitempty"`
	// +optional
	ControllerRevisionRef *ControllerRevisionRef `json:"controllerRevisionRef,omitempty"`
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty"`
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty"`
}

type ControllerRevisionRef struct {
	// +optional
	Name string `json:"name,omitempty"`
}

type InferFromVolumeFailurePolicy string

// Values of InferFromVolumeFailurePolicy.
const (
	InferFromVolumeFailurePolicyReject InferFromVolumeFailurePolicy = "Reject"
	InferFromVolumeFailurePolicyIgnore InferFromVolumeFailurePolicy = "Ignore"
)
