package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

const (
	maxInput   = 1 << 20
	maxTimeout = time.Hour
	// bySignal is what a shell adds to the number of the signal that ended a program.
	bySignal = 128
	// maxCode is the greatest exit code there is outside of Windows.
	maxCode = 255
)

// ExecOptions of one program.
type ExecOptions struct {
	Name    string
	Command []string
	Env     []string
	Timeout time.Duration
	// In is what the program reads; nil for nothing.
	In       io.Reader
	Out, Err io.Writer
}

// Validate refuses what the guest could only misunderstand.
func (o *ExecOptions) Validate() error {
	if o.Timeout < time.Second || o.Timeout > maxTimeout {
		return fmt.Errorf("--timeout %s: must be from 1s to %s", o.Timeout, maxTimeout)
	}
	for _, variable := range o.Env {
		if name, _, found := strings.Cut(variable, "="); !found || name == "" {
			return fmt.Errorf("--env %s: must be NAME=value", variable)
		}
	}
	return nil
}

// Exec runs the program, prints what it wrote and returns its exit code as an error.
func Exec(ctx context.Context, c client.Sender, o ExecOptions) error {
	seconds := int64((o.Timeout + time.Second - 1) / time.Second)
	options := subresourcesv1.GuestExecOptions{
		TypeMeta: metav1.TypeMeta{APIVersion: subresourcesv1.GroupVersion.String(), Kind: "GuestExecOptions"},
		Command:  o.Command, Env: o.Env, TimeoutSeconds: &seconds,
	}
	if o.In != nil {
		input, err := readInput(o.In)
		if err != nil {
			return err
		}
		options.Stdin = input
	}
	body, err := json.Marshal(options)
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	answer, err := c.Send(ctx, http.MethodPost, client.InstanceResource, o.Name, "exec", nil, bytes.NewReader(body), "application/json")
	if err != nil {
		return fmt.Errorf("running %s in %s: %w", o.Command[0], o.Name, err)
	}
	var result subresourcesv1.GuestExecResult
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return report(&result, o)
}

func readInput(in io.Reader) ([]byte, error) {
	input, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	if len(input) > maxInput {
		return nil, fmt.Errorf("standard input has more than 1 MiB: copy it into the guest with `virtctl guest cp` and have the program read the file")
	}
	return input, nil
}

// report prints what the program wrote, each output to its own.
func report(result *subresourcesv1.GuestExecResult, o ExecOptions) error {
	if _, err := o.Out.Write(result.Stdout); err != nil {
		return fmt.Errorf("printing the program's output: %w", err)
	}
	if _, err := o.Err.Write(result.Stderr); err != nil {
		return fmt.Errorf("printing the program's errors: %w", err)
	}
	if result.Truncated {
		fmt.Fprintln(o.Err, "note: the program wrote more than is shown here: have it write to a file and fetch that with guest cp")
	}
	code, note := exitCode(result)
	if note != "" {
		fmt.Fprintln(o.Err, "note: "+note)
	}
	if code == 0 {
		return nil
	}
	return &client.Exit{Code: code}
}

// exitCode is what this program ends with, and what is to be said where that is not
// the whole truth.
func exitCode(result *subresourcesv1.GuestExecResult) (code int, note string) {
	switch {
	case result.Signal != nil && *result.Signal > 0 && *result.Signal < maxCode-bySignal:
		return bySignal + int(*result.Signal), fmt.Sprintf("the program was ended by signal %d", *result.Signal)
	case result.Signal != nil:
		return maxCode, fmt.Sprintf("the program was ended by exception %#x", uint32(*result.Signal))
	case result.ExitCode == nil:
		return maxCode, "the guest does not tell how the program ended"
	case *result.ExitCode < 0 || *result.ExitCode > maxCode:
		return maxCode, fmt.Sprintf("the program ended with code %d", *result.ExitCode)
	}
	return int(*result.ExitCode), ""
}
