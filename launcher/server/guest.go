package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/guestagent"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Bounds of what a program is given.
const (
	maxStdin       = 1 << 20
	maxExecSeconds = 3600
)

// Guest is what the server asks of a guest.
type Guest interface {
	OSInfo(ctx context.Context) (*subresources.VirtualMachineInstanceGuestAgentInfo, error)
	Users(ctx context.Context) ([]subresources.VirtualMachineInstanceGuestOSUser, error)
	Filesystems(ctx context.Context) ([]subresources.VirtualMachineInstanceFileSystem, error)
	Screenshot(ctx context.Context, movePointer bool) ([]byte, error)
	Exec(ctx context.Context, options *subresources.GuestExecOptions) (*subresources.GuestExecResult, error)
	ReadFile(ctx context.Context, options *subresources.GuestFileOptions) (*subresources.GuestFileChunk, error)
	WriteFile(ctx context.Context, options *subresources.GuestFileOptions) error
}

// Guest implements protocol.LauncherServer.
func (s *Server) Guest(ctx context.Context, request *protocol.GuestRequest) (*protocol.GuestResponse, error) {
	if _, err := s.admit(request.GetSession()); err != nil {
		return nil, err
	}
	ask, err := s.question(request)
	if err != nil {
		return nil, protocol.NewError(codes.InvalidArgument, protocol.ReasonInvalidRequest, err.Error())
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
		if err := decode(request.GetOptions(), options, nil); err != nil {
			return nil, err
		}
		return func(ctx context.Context) ([]byte, error) { return s.machine.Screenshot(ctx, options.MoveCursor) }, nil
	case protocol.Question_QUESTION_EXEC:
		options := &subresources.GuestExecOptions{}
		if err := decode(request.GetOptions(), options, execProblem); err != nil {
			return nil, err
		}
		return func(ctx context.Context) ([]byte, error) { return s.exec(ctx, options) }, nil
	case protocol.Question_QUESTION_READ_FILE, protocol.Question_QUESTION_WRITE_FILE:
		options := &subresources.GuestFileOptions{}
		if err := decode(request.GetOptions(), options, fileProblem); err != nil {
			return nil, err
		}
		if request.GetQuestion() == protocol.Question_QUESTION_WRITE_FILE {
			return func(ctx context.Context) ([]byte, error) { return nil, s.machine.WriteFile(ctx, options) }, nil
		}
		if options.Length < 1 || options.Length > guestagent.MaxPiece {
			return nil, fmt.Errorf("length is %d, it must be from 1 to %d bytes", options.Length, guestagent.MaxPiece)
		}
		return func(ctx context.Context) ([]byte, error) { return encoded(s.machine.ReadFile(ctx, options)) }, nil
	}
	return nil, fmt.Errorf("question %d is not known", request.GetQuestion())
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

func (s *Server) exec(ctx context.Context, options *subresources.GuestExecOptions) ([]byte, error) {
	result, err := s.machine.Exec(ctx, options)
	if err != nil {
		return nil, err
	}
	result.TypeMeta = ofKind("GuestExecResult")
	return encoded(result, nil)
}

// execProblem says what is wrong with a program to run.
func execProblem(options *subresources.GuestExecOptions) error {
	if len(options.Command) == 0 || options.Command[0] == "" {
		return errors.New("command is missing: it is the program to run and its arguments")
	}
	for _, word := range slices.Concat(options.Command, options.Env) {
		if strings.ContainsRune(word, 0) {
			return errors.New("command and env must not contain a zero byte")
		}
	}
	for _, variable := range options.Env {
		if name, _, found := strings.Cut(variable, "="); !found || name == "" {
			return fmt.Errorf("env has %q, it must be NAME=value", variable)
		}
	}
	if len(options.Stdin) > maxStdin {
		return fmt.Errorf("stdin has %d bytes, at most %d are allowed", len(options.Stdin), maxStdin)
	}
	if seconds := options.TimeoutSeconds; seconds != nil && (*seconds < 1 || *seconds > maxExecSeconds) {
		return fmt.Errorf("timeoutSeconds is %d, it must be from 1 to %d", *seconds, maxExecSeconds)
	}
	return nil
}

// absolute are the absolute paths of a guest: Unix's, those with a Windows drive, and
// Windows shares.
var absolute = regexp.MustCompile(`^(/|[A-Za-z]:[/\\]|\\\\)`)

// fileProblem says what is wrong with a piece of a file.
func fileProblem(options *subresources.GuestFileOptions) error {
	switch {
	case !absolute.MatchString(options.Path):
		return fmt.Errorf("path is %q, it must be an absolute path in the guest", options.Path)
	case strings.ContainsRune(options.Path, 0):
		return errors.New("path must not contain a zero byte")
	case options.Offset < 0:
		return fmt.Errorf("offset is %d, it must not be negative", options.Offset)
	case len(options.Data) > guestagent.MaxPiece:
		return fmt.Errorf("data has %d bytes, at most %d are allowed", len(options.Data), guestagent.MaxPiece)
	}
	return nil
}

// decode reads a question's options and asks problem what is wrong with them.
func decode[T any](raw []byte, options *T, problem func(*T) error) error {
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, options); err != nil {
			return fmt.Errorf("reading the options: %w", err)
		}
	}
	if problem == nil {
		return nil
	}
	return problem(options)
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
