package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// signalTimeout bounds an action on a guest. It is longer than the node's own
// bound, whose message says more, and shorter than a request may take.
const signalTimeout = 50 * time.Second

// conflicting are the actions that a guest in another state than it seemed to be in
// conflicts with. The contract counts what the agent or a reset runs into as failures.
var conflicting = map[protocol.Action]bool{
	protocol.Action_ACTION_PAUSE: true, protocol.Action_ACTION_RESUME: true, protocol.Action_ACTION_REBOOT: true,
}

// signaler has the virt-handler of a node act on a guest. Errors carry the codes
// of handler/protocol, or are errNoHandler.
type signaler interface {
	signal(ctx context.Context, node string, request *protocol.SignalRequest) error
}

// guestVerb is the frame of every verb of a VirtualMachineInstance: read the options,
// unless they are nil, and the instance, act, answer 200.
func (s *server) guestVerb(w http.ResponseWriter, r *http.Request, at target, options any, check func() error,
	act func(*v1.VirtualMachineInstance) error,
) {
	var err error
	if options != nil {
		if err = readOptions(r, options); err == nil {
			err = check()
		}
	}
	if err == nil {
		err = s.withGuest(r.Context(), at, act)
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (s *server) withGuest(ctx context.Context, at target, act func(*v1.VirtualMachineInstance) error) error {
	vmi := &v1.VirtualMachineInstance{}
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: at.namespace, Name: at.name}, vmi); err != nil {
		return s.readFailure("reading the instance", err)
	}
	return act(vmi)
}

// signal has the guest's node carry out an action.
func (s *server) signal(ctx context.Context, vmi *v1.VirtualMachineInstance, request *protocol.SignalRequest) error {
	request.Namespace, request.Name, request.Uid = vmi.Namespace, vmi.Name, string(vmi.UID)
	ctx, cancel := context.WithTimeout(ctx, signalTimeout)
	defer cancel()
	return signalFailure(vmi, request.GetAction(), s.guests.signal(ctx, vmi.Status.NodeName, request))
}

// signalFailure turns a node's refusal of an action into what the caller is told.
func signalFailure(vmi *v1.VirtualMachineInstance, action protocol.Action, err error) error {
	if status.Code(err) == codes.FailedPrecondition && conflicting[action] {
		return guestConflict(vmi, status.Convert(err).Message())
	}
	return nodeFailure(vmi, err)
}

// nodeFailure turns what has failed on a node, or on the way to it, into what the
// caller is told.
func nodeFailure(vmi *v1.VirtualMachineInstance, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errNoHandler) {
		return apierrors.NewBadRequest(fmt.Sprintf("the guest cannot be reached, try again when its node is well: %v", err))
	}
	message := status.Convert(err).Message()
	switch status.Code(err) {
	case codes.NotFound:
		message = "the guest is no longer on node " + vmi.Status.NodeName + "; try again"
	case codes.Unavailable:
		message = fmt.Sprintf("node %s of the guest cannot be reached, try again: %s", vmi.Status.NodeName, message)
	case codes.Unimplemented:
		message = "the virt-handler of node " + vmi.Status.NodeName + " is of an earlier version, which cannot do this; try again when it is updated"
	case codes.DeadlineExceeded, codes.Canceled:
		message = "the guest did not answer in time"
	}
	return apierrors.NewInternalError(errors.New(message))
}

// notRunning refuses what needs a guest that runs; nil when it does.
func notRunning(vmi *v1.VirtualMachineInstance) error {
	if vmi.IsRunning() && vmi.Status.NodeName != "" {
		return nil
	}
	return guestConflict(vmi, whyNotRunning(vmi))
}

func whyNotRunning(vmi *v1.VirtualMachineInstance) string {
	if vmi.IsFinal() {
		return fmt.Sprintf("its guest has ended (phase %s); start it first", vmi.Status.Phase)
	}
	return fmt.Sprintf("its guest does not run yet (phase %q); wait until it does", vmi.Status.Phase)
}

func guestConflict(vmi *v1.VirtualMachineInstance, why string) error {
	return apierrors.NewConflict(resource("virtualmachineinstances"), vmi.Name, errors.New(why))
}
