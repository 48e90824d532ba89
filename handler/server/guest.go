package server

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/handler/protocol"
	launcher "kubevirt.io/kubevirt/launcher/protocol"
)

const (
	// guestTimeout bounds an answer of the guest agent or the display.
	guestTimeout = 45 * time.Second
	// execTimeout bounds how long a program's end is waited for; the caller says
	// for how much less.
	execTimeout = time.Hour + time.Minute
	// atOnce is how many programs may be waited for in one guest, and how many other
	// questions it may be asked: what it answers is held in memory.
	atOnce = 4
)

// questions are what virt-api may ask, in the launcher's words.
var questions = map[protocol.Question]launcher.Question{
	protocol.Question_QUESTION_OS_INFO:     launcher.Question_QUESTION_OS_INFO,
	protocol.Question_QUESTION_USERS:       launcher.Question_QUESTION_USERS,
	protocol.Question_QUESTION_FILESYSTEMS: launcher.Question_QUESTION_FILESYSTEMS,
	protocol.Question_QUESTION_SCREENSHOT:  launcher.Question_QUESTION_SCREENSHOT,
	protocol.Question_QUESTION_EXEC:        launcher.Question_QUESTION_EXEC,
	protocol.Question_QUESTION_READ_FILE:   launcher.Question_QUESTION_READ_FILE,
	protocol.Question_QUESTION_WRITE_FILE:  launcher.Question_QUESTION_WRITE_FILE,
}

// Guest has a guest's launcher answer one question. The answer is virt-api's to judge.
func (s *Server) Guest(ctx context.Context, request *protocol.GuestRequest) (*protocol.GuestResponse, error) {
	question, known := questions[request.GetQuestion()]
	if !known {
		return nil, status.Errorf(codes.InvalidArgument, "there is no question %v", request.GetQuestion())
	}
	guest, err := s.guest(request)
	if err != nil {
		return nil, err
	}
	leave, ok := s.turns.Take(turnOf(request), 1)
	if !ok {
		return nil, status.Errorf(codes.ResourceExhausted, "the guest is being asked %d things of this kind already: try again", atOnce)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, answerWithin(request.GetQuestion()))
	defer cancel()
	answer, err := guest.Ask(ctx, question, request.GetOptions(), protocol.MaxAnswer(request.GetQuestion()))
	if refusal := refusalOf(err); refusal != nil {
		return nil, refusal.Err()
	}
	return &protocol.GuestResponse{Answer: answer}, nil
}

// turnOf keeps programs, which may take an hour, from holding up everything else.
func turnOf(request *protocol.GuestRequest) string {
	if request.GetQuestion() == protocol.Question_QUESTION_EXEC {
		return request.GetUid() + "/exec"
	}
	return request.GetUid()
}

func answerWithin(question protocol.Question) time.Duration {
	if question == protocol.Question_QUESTION_EXEC {
		return execTimeout
	}
	return guestTimeout
}
