package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// Probe asks a guest whether it is well; thresholds and times are as for a pod.
type Probe struct {
	// How the guest is asked; exactly one is set.
	ProbeHandler `json:",inline"`
	// Seconds after the start before the first probe.
	// +optional
	// +kubebuilder:validation:Minimum=0
	InitialDelaySeconds int32 `json:"initialDelaySeconds,omitempty"`
	// Seconds after which a probe has failed; 1 if 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`
	// Seconds between probes; 10 if 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PeriodSeconds int32 `json:"periodSeconds,omitempty"`
	// Successes in a row that make a failed probe good; 1 if 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SuccessThreshold int32 `json:"successThreshold,omitempty"`
	// Failures in a row that make a good probe failed; 3 if 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	FailureThreshold int32 `json:"failureThreshold,omitempty"`
}

// GuestAgentPing asks the guest agent whether it lives.
type GuestAgentPing struct {
}

// ProbeHandler is a way to ask a guest; exactly one is set.
type ProbeHandler struct {
	// Runs a command in the guest by its agent.
	// +optional
	Exec *corev1.ExecAction `json:"exec,omitempty"`
	// Asks the guest agent whether it lives.
	// +optional
	GuestAgentPing *GuestAgentPing `json:"guestAgentPing,omitempty"`
	// Makes an HTTP request to the guest.
	// +optional
	HTTPGet *corev1.HTTPGetAction `json:"httpGet,omitempty"`
	// Opens a TCP connection to the guest.
	// +optional
	TCPSocket *corev1.TCPSocketAction `json:"tcpSocket,omitempty"`
}
