package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// maxExecBody has room for the standard input, in base64, and a command line.
	maxExecBody = 2 << 20
	maxStdin    = 1 << 20
	// maxOutput bounds each of the program's outputs.
	maxOutput = 2 << 20
	// defaultExecSeconds and maxExecSeconds are for how long a program's end is
	// waited for.
	defaultExecSeconds = 30
	maxExecSeconds     = 3600
	// execMargin is how much longer than for the program its launcher is waited for.
	execMargin = 15 * time.Second
)

// guestExec runs a program in the guest.
func (s *server) guestExec(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.GuestExecOptions
	result := &subresourcesv1.GuestExecResult{}
	err := readBounded(r, &options, maxExecBody)
	if err == nil {
		err = checkExec(&options)
	}
	if err == nil {
		err = s.withGuest(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
			if err := mayAskAgent(vmi); err != nil {
				return err
			}
			return s.exec(r, vmi, &options, result)
		})
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	writeDocument(w, result, "GuestExecResult")
}

func (s *server) exec(r *http.Request, vmi *v1.VirtualMachineInstance, options *subresourcesv1.GuestExecOptions, result *subresourcesv1.GuestExecResult) error {
	limit := time.Duration(*options.TimeoutSeconds) * time.Second
	answer, err := s.askGuest(r.Context(), vmi, protocol.Question_QUESTION_EXEC, options, limit+execMargin)
	if err != nil {
		return err
	}
	if err := understand(answer, result); err != nil {
		return err
	}
	for _, output := range []*[]byte{&result.Stdout, &result.Stderr} {
		if len(*output) > maxOutput {
			*output, result.Truncated = (*output)[:maxOutput], true
		}
	}
	return nil
}

// checkExec refuses what makes no sense to ask, and fills in the time limit.
func checkExec(options *subresourcesv1.GuestExecOptions) error {
	if len(options.Command) == 0 || options.Command[0] == "" {
		return apierrors.NewBadRequest("command: the path of a program, and its arguments, are required")
	}
	for i, variable := range options.Env {
		if name, _, ok := strings.Cut(variable, "="); !ok || name == "" {
			return apierrors.NewBadRequest(fmt.Sprintf("env[%d]: %q is not allowed: NAME=value is", i, variable))
		}
	}
	if strings.Contains(strings.Join(options.Command, "")+strings.Join(options.Env, ""), "\x00") {
		return apierrors.NewBadRequest("command and env: no text of a command line may hold a NUL")
	}
	if len(options.Stdin) > maxStdin {
		return apierrors.NewBadRequest(fmt.Sprintf("stdin: %d bytes are not allowed: %d at most are", len(options.Stdin), maxStdin))
	}
	if options.TimeoutSeconds == nil {
		seconds := int64(defaultExecSeconds)
		options.TimeoutSeconds = &seconds
	}
	if seconds := *options.TimeoutSeconds; seconds < 1 || seconds > maxExecSeconds {
		return apierrors.NewBadRequest(fmt.Sprintf("timeoutSeconds: %d is not allowed: 1 to %d are", seconds, maxExecSeconds))
	}
	return nil
}
