package protocol

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// stillRunning marks, in a status' details, a deadline that a program in the guest
// has outlived.
var stillRunning = &errdetails.ErrorInfo{Reason: "STILL_RUNNING", Domain: "handler.kubevirt.io"}

// StillRunning is the status for a program in the guest that goes on when nobody waits
// for it any more. Every other deadline leaves open whether it has been started.
func StillRunning(message string) *status.Status {
	plain := status.New(codes.DeadlineExceeded, message)
	if marked, err := plain.WithDetails(stillRunning); err == nil {
		return marked
	}
	return plain
}

// IsStillRunning reports whether err is of StillRunning, also through the wire.
func IsStillRunning(err error) bool {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == stillRunning.Domain && info.GetReason() == stillRunning.Reason {
			return true
		}
	}
	return false
}
