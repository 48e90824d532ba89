package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

const (
	// maxAsked and maxAskedOfOne are how many MiB the answers may take that are waited
	// for, of all guests and of those of one namespace. Programs, for which somebody
	// may wait an hour, count by themselves.
	maxAsked, maxAskedOfOne = 96, 34
	// maxList is how long a list in an answer may be; launchers keep to it.
	maxList = 256
)

// asker has the virt-handler of a node ask its guests. Errors carry the codes of
// handler/protocol, or are errNoHandler.
type asker interface {
	interview(ctx context.Context, node string) (interviewer, error)
}

// interviewer asks the guests of a node until it is closed.
type interviewer interface {
	ask(ctx context.Context, request *protocol.GuestRequest) ([]byte, error)
	Close() error
}

// takeTurn admits a request that asks guests of a namespace, until leave is called.
func (s *server) takeTurn(namespace string, question protocol.Question) (leave func(), err error) {
	turns := s.asked
	if question == protocol.Question_QUESTION_EXEC {
		turns = s.awaited
	}
	leave, ok := turns.Take(namespace, protocol.MaxAnswer(question)>>20)
	if !ok {
		return nil, apierrors.NewTooManyRequestsError("too many guests are being asked at this moment: try again")
	}
	return leave, nil
}

// conversation is with one guest.
type conversation struct {
	interviewer
	vmi *v1.VirtualMachineInstance
}

// converse prepares questions to a guest. The conversation is to be closed.
func (s *server) converse(ctx context.Context, vmi *v1.VirtualMachineInstance) (*conversation, error) {
	node, err := s.questions.interview(ctx, vmi.Status.NodeName)
	if err != nil {
		return nil, nodeFailure(vmi, err)
	}
	return &conversation{node, vmi}, nil
}

// ask asks one question; options, unless they are nil, are those of the question.
func (c *conversation) ask(ctx context.Context, question protocol.Question, options any, within time.Duration) ([]byte, error) {
	request := &protocol.GuestRequest{Namespace: c.vmi.Namespace, Name: c.vmi.Name, Uid: string(c.vmi.UID), Question: question}
	if options != nil {
		var err error
		if request.Options, err = json.Marshal(options); err != nil {
			return nil, fmt.Errorf("writing the question: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer, err := c.interviewer.ask(ctx, request)
	return answer, askFailure(c.vmi, question, err)
}

// askGuest asks a guest a single question.
func (s *server) askGuest(ctx context.Context, vmi *v1.VirtualMachineInstance, question protocol.Question, options any, within time.Duration) ([]byte, error) {
	talk, err := s.converse(ctx, vmi)
	if err != nil {
		return nil, err
	}
	defer func() { _ = talk.Close() }()
	return talk.ask(ctx, question, options, within)
}

// askFailure turns a node's refusal to ask a guest into what the caller is told.
func askFailure(vmi *v1.VirtualMachineInstance, question protocol.Question, err error) error {
	exec := question == protocol.Question_QUESTION_EXEC
	switch code := status.Code(err); {
	case code == codes.FailedPrecondition:
		return guestConflict(vmi, status.Convert(err).Message())
	case code == codes.ResourceExhausted:
		return apierrors.NewTooManyRequestsError(status.Convert(err).Message())
	case protocol.IsStillRunning(err):
		return apierrors.NewTimeoutError("the program has not ended in time (timeoutSeconds); it runs on in the guest", 0)
	case code == codes.DeadlineExceeded && exec:
		return apierrors.NewTimeoutError("the guest did not answer in time; whether the program has been started is not known", 0)
	}
	return nodeFailure(vmi, err)
}

// understand decodes an answer. It comes from a launcher, which is trusted in nothing:
// what is not of the API's types goes no further.
func understand(answer []byte, document any) error {
	err := checkLists(answer)
	if err == nil {
		err = json.Unmarshal(answer, document)
	}
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("the guest's launcher has answered something else than what it was asked: %w", err))
	}
	return nil
}

// checkLists refuses long lists before they are decoded: an element may take a hundred
// times the memory of what it is written with.
func checkLists(answer []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	var lengths []int // of the lists that are open; objects need no bound
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil // the end, or what decoding says more of
		}
		if token == json.Delim(']') || token == json.Delim('}') {
			lengths = lengths[:len(lengths)-1]
			continue
		}
		if last := len(lengths) - 1; last >= 0 {
			if lengths[last]++; lengths[last] > maxList {
				return fmt.Errorf("a list has more than %d elements", maxList)
			}
		}
		switch token {
		case json.Delim('['):
			lengths = append(lengths, 0)
		case json.Delim('{'):
			lengths = append(lengths, math.MinInt)
		}
	}
}

// withAgent acts on a guest whose agent can answer.
func (s *server) withAgent(ctx context.Context, at target, act func(*v1.VirtualMachineInstance) error) error {
	return s.withGuest(ctx, at, func(vmi *v1.VirtualMachineInstance) error {
		if err := notRunning(vmi); err != nil {
			return err
		}
		if why := whyNoAgent(vmi); why != "" {
			return guestConflict(vmi, why)
		}
		return act(vmi)
	})
}

// whyNoAgent says why the agent of a guest that runs cannot answer; empty if it can.
func whyNoAgent(vmi *v1.VirtualMachineInstance) string {
	switch {
	case vmi.IsPaused():
		return "the guest is paused, and so is the guest agent; unpause it first"
	case !vmi.IsConditionTrue(v1.ConditionAgentConnected):
		return "the guest agent is not connected; install and start qemu-guest-agent in the guest"
	}
	return ""
}

// errAnswer refuses an answer that breaks a promise of the protocol.
func errAnswer(what string) error {
	return apierrors.NewInternalError(errors.New("the guest's launcher has answered " + what))
}
