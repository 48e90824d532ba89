package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// answerTimeout bounds an answer. It is longer than the node's own bound, whose
// message says more, and shorter than a request may take.
const answerTimeout = 50 * time.Second

// asker has the virt-handler of a node ask a guest. Errors carry the codes of
// handler/protocol, or are errNoHandler.
type asker interface {
	ask(ctx context.Context, node string, request *protocol.GuestRequest) ([]byte, error)
}

// askGuest asks a guest; options, unless they are nil, are those of the question.
func (s *server) askGuest(ctx context.Context, vmi *v1.VirtualMachineInstance, question protocol.Question, options any, within time.Duration) ([]byte, error) {
	request := &protocol.GuestRequest{Namespace: vmi.Namespace, Name: vmi.Name, Uid: string(vmi.UID), Question: question}
	if options != nil {
		var err error
		if request.Options, err = json.Marshal(options); err != nil {
			return nil, fmt.Errorf("writing the question: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer, err := s.questions.ask(ctx, vmi.Status.NodeName, request)
	return answer, askFailure(vmi, question, err)
}

// askFailure turns a node's refusal to ask a guest into what the caller is told.
func askFailure(vmi *v1.VirtualMachineInstance, question protocol.Question, err error) error {
	switch code := status.Code(err); {
	case code == codes.FailedPrecondition:
		return guestConflict(vmi, status.Convert(err).Message())
	case code == codes.DeadlineExceeded && question == protocol.Question_QUESTION_EXEC:
		return apierrors.NewTimeoutError("the program has not ended in time (timeoutSeconds); it runs on in the guest", 0)
	}
	return nodeFailure(vmi, err)
}

// understand decodes an answer. It comes from a launcher, which is trusted in nothing:
// what is not of the API's types goes no further.
func understand(answer []byte, document any) error {
	if err := json.Unmarshal(answer, document); err != nil {
		return apierrors.NewInternalError(fmt.Errorf("the guest's launcher has answered something else than what it was asked: %w", err))
	}
	return nil
}

// mayAskAgent tells whether a guest has an agent that can answer.
func mayAskAgent(vmi *v1.VirtualMachineInstance) error {
	if err := notRunning(vmi); err != nil {
		return err
	}
	if vmi.IsPaused() {
		return guestConflict(vmi, "the guest is paused, and so is the guest agent; unpause it first")
	}
	if !vmi.IsConditionTrue(v1.ConditionAgentConnected) {
		return guestConflict(vmi, "the guest agent is not connected; install and start qemu-guest-agent in the guest")
	}
	return nil
}

// errAnswer refuses an answer that breaks a promise of the protocol.
func errAnswer(what string) error {
	return apierrors.NewInternalError(errors.New("the guest's launcher has answered " + what))
}
