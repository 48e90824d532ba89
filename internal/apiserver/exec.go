package apiserver

import (
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// maxExecBody has room for the standard input, in base64, and a command line.
	maxExecBody = 2 << 20
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
		err = s.withAgent(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
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
		if len(*output) > subresourcesv1.MaxExecOutput {
			*output, result.Truncated = (*output)[:subresourcesv1.MaxExecOutput], true
		}
	}
	return nil
}

// checkExec refuses what makes no sense to ask, and fills in the time limit.
func checkExec(options *subresourcesv1.GuestExecOptions) error {
	if err := options.Validate(); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if options.TimeoutSeconds == nil {
		seconds := int64(subresourcesv1.DefaultExecSeconds)
		options.TimeoutSeconds = &seconds
	}
	return nil
}
