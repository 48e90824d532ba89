package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Guest is what the server asks of a guest.
type Guest interface {
	OSInfo(ctx context.Context) (*subresources.VirtualMachineInstanceGuestAgentInfo, error)
	Users(ctx context.Context) ([]subresources.VirtualMachineInstanceGuestOSUser, error)
	Filesystems(ctx context.Context) ([]subresources.VirtualMachineInstanceFileSystem, error)
	Screenshot(ctx context.Context, movePointer bool) ([]byte, error)
	Exec(ctx context.Context, options *subresources.GuestExecOptions, use func(*subresources.GuestExecResult) error) error
	ReadFile(ctx context.Context, options *subresources.GuestFileOptions, use func(*subresources.GuestFileChunk) error) error
	WriteFile(ctx context.Context, options *subresources.GuestFileOptions) error
}

// Guest implements protocol.LauncherServer.
func (s *Server) Guest(ctx context.Context, request *protocol.GuestRequest) (*protocol.GuestResponse, error) {
	if _, err := s.admit(request.GetSession()); err != nil {
		return nil, err
	}
	ask, err := s.question(request)
	if err != nil {
		return nil, err
	}
	answer, err := ask(ctx)
	if err != nil {
		s.log.Info("no answer from the guest", "question", request.GetQuestion().String(), "err", err.Error())
		return nil, toStatus(err, protocol.ReasonActionFailed)
	}
	return &protocol.GuestResponse{Answer: answer}, nil
}

// question returns how to get the answer to a request.
func (s *Server) question(request *protocol.GuestRequest) (func(context.Context) ([]byte, error), error) {
	switch request.GetQuestion() {
	case protocol.Question_QUESTION_OS_INFO:
		return s.osInfo, nil
	case protocol.Question_QUESTION_USERS:
		return s.users, nil
	case protocol.Question_QUESTION_FILESYSTEMS:
		return s.filesystems, nil
	case protocol.Question_QUESTION_SCREENSHOT:
		options := &subresources.ScreenshotOptions{}
		if err := decode(request.GetOptions(), options); err != nil {
			return nil, err
		}
		return func(ctx context.Context) ([]byte, error) { return s.machine.Screenshot(ctx, options.MoveCursor) }, nil
	case protocol.Question_QUESTION_EXEC:
		options := &subresources.GuestExecOptions{}
		if err := decode(request.GetOptions(), options); err != nil {
			return nil, err
		}
		return func(ctx context.Context) ([]byte, error) { return s.exec(ctx, options) }, nil
	case protocol.Question_QUESTION_READ_FILE, protocol.Question_QUESTION_WRITE_FILE:
		options := &subresources.GuestFileOptions{}
		if err := decode(request.GetOptions(), options); err != nil {
			return nil, err
		}
		if request.GetQuestion() == protocol.Question_QUESTION_WRITE_FILE {
			return func(ctx context.Context) ([]byte, error) { return nil, s.machine.WriteFile(ctx, options) }, nil
		}
		if options.Length == 0 {
			return nil, badOptions(errors.New("length: 0 is not allowed: nothing would be read"))
		}
		return func(ctx context.Context) ([]byte, error) { return s.readFile(ctx, options) }, nil
	}
	return nil, protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidRequest,
		fmt.Sprintf("question %d is not known", request.GetQuestion()))
}

func (s *Server) osInfo(ctx context.Context) ([]byte, error) {
	info, err := s.machine.OSInfo(ctx)
	if err != nil {
		return nil, err
	}
	info.TypeMeta = ofKind("VirtualMachineInstanceGuestAgentInfo")
	return encoded(info, nil)
}

func (s *Server) users(ctx context.Context) ([]byte, error) {
	users, err := s.machine.Users(ctx)
	return encoded(&subresources.VirtualMachineInstanceGuestOSUserList{
		TypeMeta: ofKind("VirtualMachineInstanceGuestOSUserList"), Items: users,
	}, err)
}

func (s *Server) filesystems(ctx context.Context) ([]byte, error) {
	filesystems, err := s.machine.Filesystems(ctx)
	return encoded(&subresources.VirtualMachineInstanceFileSystemList{
		TypeMeta: ofKind("VirtualMachineInstanceFileSystemList"), Items: filesystems,
	}, err)
}

func (s *Server) exec(ctx context.Context, options *subresources.GuestExecOptions) (answer []byte, err error) {
	err = s.machine.Exec(ctx, options, func(result *subresources.GuestExecResult) error {
		result.TypeMeta = ofKind("GuestExecResult")
		answer, err = encoded(result, nil)
		return err
	})
	return answer, err
}

func (s *Server) readFile(ctx context.Context, options *subresources.GuestFileOptions) (answer []byte, err error) {
	err = s.machine.ReadFile(ctx, options, func(chunk *subresources.GuestFileChunk) error {
		answer, err = encoded(chunk, nil)
		return err
	})
	return answer, err
}

// decode reads a question's options. What is wrong with them is not that the question is
// not understood.
func decode(raw []byte, options any) error {
	var err error
	if len(raw) > 0 {
		err = json.Unmarshal(raw, options)
	}
	if err != nil {
		return badOptions(fmt.Errorf("reading the options: %w", err))
	}
	if checked, can := options.(interface{ Validate() error }); can {
		if err := checked.Validate(); err != nil {
			return badOptions(err)
		}
	}
	return nil
}

func badOptions(err error) error {
	return protocol.NewError(codes.InvalidArgument, protocol.ReasonActionFailed, err.Error())
}

func encoded(answer any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	return raw, nil
}

func ofKind(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: subresources.GroupVersion.String(), Kind: kind}
}
