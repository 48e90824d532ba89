package v1

type ClusterProfilerRequest struct {
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
	// +optional
	Continue string `json:"continue,omitempty"`
	PageSize int64  `json:"pageSize"`
}

type ClusterProfilerResults struct {
	// +optional
	ComponentResults map[string]ProfilerResult `json:"componentResults"`
	// +optional
	Continue string `json:"continue,omitempty"`
}

type ProfilerResult struct {
	// +optional
	PprofData map[string][]byte `json:"pprofData,omitempty"`
}
