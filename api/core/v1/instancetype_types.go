package v1

// InstancetypeMatcher names an instance type, or a volume that suggests one.
type InstancetypeMatcher struct {
	// Name of the instance type.
	// +optional
	Name string `json:"name,omitempty"`
	// VirtualMachineInstancetype or VirtualMachineClusterInstancetype; the latter if empty.
	// +optional
	Kind string `json:"kind,omitempty"`
	// ControllerRevision in use; set by the controller, given only to go back to an earlier one.
	// +optional
	RevisionName string `json:"revisionName,omitempty"`
	// Volume whose labels name the instance type, instead of name.
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty"`
	// What happens when the volume names none; Reject if unset.
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty"`
}

// PreferenceMatcher names a preference, or a volume that suggests one.
type PreferenceMatcher struct {
	// Name of the preference.
	// +optional
	Name string `json:"name,omitempty"`
	// VirtualMachinePreference or VirtualMachineClusterPreference; the latter if empty.
	// +optional
	Kind string `json:"kind,omitempty"`
	// ControllerRevision in use; set by the controller, given only to go back to an earlier one.
	// +optional
	RevisionName string `json:"revisionName,omitempty"`
	// Volume whose labels name the preference, instead of name.
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty"`
	// What happens when the volume names none; Reject if unset.
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty"`
}

// InstancetypeStatusRef is the instance type or preference in use.
type InstancetypeStatusRef struct {
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty"`
	// Kind of the object.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Stored copy of the object that is in use.
	// +optional
	ControllerRevisionRef *ControllerRevisionRef `json:"controllerRevisionRef,omitempty"`
	// Volume that named the object.
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty"`
	// Policy that held when the volume was asked.
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty"`
}

// ControllerRevisionRef names a stored copy.
type ControllerRevisionRef struct {
	// Name of the ControllerRevision.
	// +optional
	Name string `json:"name,omitempty"`
}

// InferFromVolumeFailurePolicy says what happens when a volume suggests nothing.
type InferFromVolumeFailurePolicy string

// Values of InferFromVolumeFailurePolicy.
const (
	// InferFromVolumeFailurePolicyReject refuses the machine.
	InferFromVolumeFailurePolicyReject InferFromVolumeFailurePolicy = "Reject"
	// InferFromVolumeFailurePolicyIgnore goes on without.
	InferFromVolumeFailurePolicyIgnore InferFromVolumeFailurePolicy = "Ignore"
)
