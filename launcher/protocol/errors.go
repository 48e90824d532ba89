package protocol

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errorDomain marks the reasons of this protocol in a status' details.
const errorDomain = "launcher.kubevirt.io"

// Reason says, in one word for programs, why a call failed. README.md lists
// which code each comes with and what the client should do.
type Reason string

const (
	// ReasonStaleSession: a newer session has been opened since (FailedPrecondition).
	ReasonStaleSession Reason = "STALE_SESSION"
	// ReasonInvalidRequest: the message cannot be understood (InvalidArgument). Options of a
	// question that is understood are an ACTION_FAILED.
	ReasonInvalidRequest Reason = "INVALID_REQUEST"
	// ReasonInvalidVolume: a volume's content cannot be used (FailedPrecondition).
	ReasonInvalidVolume Reason = "INVALID_VOLUME"
	// ReasonInvalidDomain: no domain can be built from the VMI and the host's facts, or hook sidecars
	// make none of it that can be used (InvalidArgument).
	ReasonInvalidDomain Reason = "INVALID_DOMAIN"
	// ReasonNetwork: a service for the guest's network could not be started (Internal).
	ReasonNetwork Reason = "NETWORK_FAILED"
	// ReasonSidecar: a hook sidecar did not answer, or failed at changing the domain (Internal).
	ReasonSidecar Reason = "SIDECAR_FAILED"
	// ReasonStartFailed: libvirt or QEMU refused to start the domain (Internal).
	ReasonStartFailed Reason = "START_FAILED"
	// ReasonHypervisorUnavailable: libvirt cannot be reached now, or too much is asked of
	// the guest at once (Unavailable).
	ReasonHypervisorUnavailable Reason = "HYPERVISOR_UNAVAILABLE"
	// ReasonNotRunning: the action needs a domain that runs (FailedPrecondition).
	ReasonNotRunning Reason = "NOT_RUNNING"
	// ReasonTerminating: the guest is shutting down, or the launcher is and starts
	// nothing any more (FailedPrecondition).
	ReasonTerminating Reason = "TERMINATING"
	// ReasonPaused: the action needs virtual CPUs that run (FailedPrecondition).
	ReasonPaused Reason = "PAUSED"
	// ReasonNoAgent: the action needs the guest agent, which is not connected (FailedPrecondition).
	ReasonNoAgent Reason = "AGENT_NOT_CONNECTED"
	// ReasonFrozen: the action needs filesystems that are not frozen (FailedPrecondition).
	ReasonFrozen Reason = "FROZEN"
	// ReasonNoDisplay: the guest has no display (FailedPrecondition).
	ReasonNoDisplay Reason = "NO_DISPLAY"
	// ReasonStillRunning: the time for a program that was started in the guest is over; it
	// goes on (DeadlineExceeded).
	ReasonStillRunning Reason = "STILL_RUNNING"
	// ReasonActionFailed: libvirt, QEMU or the guest agent refused the action (Internal), or
	// a question has options that are not allowed (InvalidArgument).
	ReasonActionFailed Reason = "ACTION_FAILED"
)

// NewError returns an error that gRPC carries to the other side with code,
// reason and message.
func NewError(code codes.Code, reason Reason, message string) error {
	plain := status.New(code, message)
	detailed, err := plain.WithDetails(&errdetails.ErrorInfo{Reason: string(reason), Domain: errorDomain})
	if err != nil {
		// Only an OK status refuses details, and that is no error to send.
		return plain.Err()
	}
	return detailed.Err()
}

// ReasonOf returns the reason that NewError put into err, also through the
// wire and through wrapping; "" when err has none.
func ReasonOf(err error) Reason {
	s, ok := status.FromError(err)
	if !ok {
		return ""
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == errorDomain {
			return Reason(info.GetReason())
		}
	}
	return ""
}
