package server

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
	launcher "kubevirt.io/kubevirt/launcher/protocol"
)

// signalTimeout bounds an action; freezing takes longest.
const signalTimeout = 45 * time.Second

// actions are what virt-api may ask, in the launcher's words.
var actions = map[protocol.Action]launcher.Action{
	protocol.Action_ACTION_PAUSE:    launcher.Action_ACTION_PAUSE,
	protocol.Action_ACTION_RESUME:   launcher.Action_ACTION_RESUME,
	protocol.Action_ACTION_RESET:    launcher.Action_ACTION_RESET,
	protocol.Action_ACTION_REBOOT:   launcher.Action_ACTION_REBOOT,
	protocol.Action_ACTION_FREEZE:   launcher.Action_ACTION_FREEZE,
	protocol.Action_ACTION_UNFREEZE: launcher.Action_ACTION_UNFREEZE,
}

// Signal has a guest's launcher carry out one action.
func (s *Server) Signal(ctx context.Context, request *protocol.SignalRequest) (*protocol.SignalResponse, error) {
	action, known := actions[request.GetAction()]
	if !known {
		return nil, status.Errorf(codes.InvalidArgument, "there is no action %v", request.GetAction())
	}
	freeze := request.GetAction() == protocol.Action_ACTION_FREEZE
	if freeze && request.GetThawAfterSeconds() == 0 {
		return nil, status.Error(codes.InvalidArgument, "nothing is frozen without an end: thaw_after_seconds is missing")
	}
	guest, err := s.guest(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, signalTimeout)
	defer cancel()
	if freeze {
		err = guest.Freeze(ctx, request.GetThawAfterSeconds())
	} else {
		err = guest.Signal(ctx, action)
	}
	refusal := refusalOf(err)
	s.tell(request, refusal)
	if refusal != nil {
		return nil, refusal.Err()
	}
	return &protocol.SignalResponse{}, nil
}

// outdated is said of launchers, which outlive handlers: this one was started by one
// that knew less.
const outdated = "the guest was started by an earlier version, which cannot do this: restart the virtual machine to update it"

// unknown is how launchers of every version end what they say about a question, or an
// action, that they do not know.
const unknown = " is not known"

// refusalOf turns a launcher's error into what virt-api is told; nil for none.
func refusalOf(err error) *status.Status {
	if err == nil {
		return nil
	}
	message := status.Convert(err).Message()
	switch launcher.ReasonOf(err) {
	case launcher.ReasonNotRunning, launcher.ReasonTerminating, launcher.ReasonPaused, launcher.ReasonNoAgent,
		launcher.ReasonFrozen, launcher.ReasonNoDisplay:
		return status.New(codes.FailedPrecondition, message)
	case launcher.ReasonInvalidRequest:
		if strings.HasSuffix(message, unknown) {
			return status.New(codes.FailedPrecondition, outdated)
		}
		return status.New(codes.InvalidArgument, message)
	case launcher.ReasonStillRunning:
		return protocol.StillRunning(message)
	case launcher.ReasonActionFailed:
		return status.New(codes.Internal, message)
	case launcher.ReasonStaleSession, launcher.ReasonHypervisorUnavailable:
		return status.New(codes.Unavailable, message)
	}
	switch code := status.Code(err); code {
	case codes.DeadlineExceeded, codes.Canceled:
		return status.New(code, message)
	case codes.Unimplemented:
		return status.New(codes.FailedPrecondition, outdated)
	}
	return status.New(codes.Unavailable, "the guest's launcher cannot be reached: "+message)
}

// tell records what has come of an action. One that was not begun is nobody's
// concern but the caller's.
func (s *Server) tell(request *protocol.SignalRequest, refusal *status.Status) {
	failure := ""
	if refusal != nil {
		if refusal.Code() != codes.Internal && refusal.Code() != codes.DeadlineExceeded {
			return
		}
		failure = refusal.Message()
	}
	if e, news := eventFor(request.GetAction(), failure); news {
		about := &v1.VirtualMachineInstance{}
		about.Namespace, about.Name, about.UID = request.GetNamespace(), request.GetName(), types.UID(request.GetUid())
		s.events.Emit(about, e)
	}
}
