package v1

// ClusterProfilerRequest is the query of dump-cluster-profiler.
type ClusterProfilerRequest struct {
	// Labels of the pods to be asked.
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
	// Where the last answer ended.
	// +optional
	Continue string `json:"continue,omitempty"`
	// Pods to be asked at a time.
	PageSize int64 `json:"pageSize"`
}

// ClusterProfilerResults is the answer of dump-cluster-profiler.
type ClusterProfilerResults struct {
	// Profiles by pod name.
	// +optional
	ComponentResults map[string]ProfilerResult `json:"componentResults"`
	// Where this answer ends; empty at the end.
	// +optional
	Continue string `json:"continue,omitempty"`
}

// ProfilerResult is the profiles of a pod.
type ProfilerResult struct {
	// Profiles by kind, in pprof's format.
	// +optional
	PprofData map[string][]byte `json:"pprofData,omitempty"`
}
