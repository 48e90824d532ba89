package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

type fake struct {
	path   string
	asked  subresourcesv1.GuestExecOptions
	answer subresourcesv1.GuestExecResult
	err    error
}

func (f *fake) Send(_ context.Context, method, resource, name, subresource string, _ url.Values, body io.Reader, _ string) ([]byte, error) {
	f.path = method + " " + resource + "/" + name + "/" + subresource
	if err := json.NewDecoder(body).Decode(&f.asked); err != nil {
		return nil, err
	}
	answer, err := json.Marshal(f.answer)
	return answer, errors.Join(f.err, err)
}

func number(n int64) *int64 { return &n }

func TestExec(t *testing.T) {
	f := &fake{answer: subresourcesv1.GuestExecResult{ExitCode: number(3), Stdout: []byte("out"), Stderr: []byte("err")}}
	var out, errOut bytes.Buffer
	o := ExecOptions{
		Name: "myvm", Command: []string{"sh", "-c", "exit 3"}, Env: []string{"A=b"}, Timeout: 1500 * time.Millisecond,
		In: strings.NewReader("input"), Out: &out, Err: &errOut,
	}
	var exit *client.Exit
	if err := Exec(t.Context(), f, o); !errors.As(err, &exit) || exit.Code != 3 {
		t.Errorf("ended with %v, want the program's exit code 3", err)
	}
	if out.String() != "out" || errOut.String() != "err" {
		t.Errorf("printed %q and %q", out.String(), errOut.String())
	}
	if f.path != "POST virtualmachineinstances/myvm/exec" || !reflect.DeepEqual(f.asked.Command, o.Command) ||
		!reflect.DeepEqual(f.asked.Env, o.Env) || string(f.asked.Stdin) != "input" || *f.asked.TimeoutSeconds != 2 {
		t.Errorf("sent %s %+v", f.path, f.asked)
	}
	f.answer.ExitCode = number(0)
	if err := Exec(t.Context(), f, o); err != nil {
		t.Errorf("a program that succeeded ended with %v", err)
	}
	f.err = errors.New("no agent")
	if err := Exec(t.Context(), f, o); !errors.Is(err, f.err) {
		t.Errorf("got %v, want the server's refusal", err)
	}
	f.err, o.In = nil, strings.NewReader(strings.Repeat("x", maxInput+1))
	if err := Exec(t.Context(), f, o); err == nil || !strings.Contains(err.Error(), "guest cp") {
		t.Errorf("got %v, want that the input is too much", err)
	}
}

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		name   string
		result subresourcesv1.GuestExecResult
		code   int
		says   string
	}{
		{"success", subresourcesv1.GuestExecResult{ExitCode: number(0)}, 0, ""},
		{"failure", subresourcesv1.GuestExecResult{ExitCode: number(255)}, 255, ""},
		{"a code that would wrap around to success", subresourcesv1.GuestExecResult{ExitCode: number(256)}, 255, "code 256"},
		{"signal", subresourcesv1.GuestExecResult{Signal: number(9)}, 137, "signal 9"},
		{"exception", subresourcesv1.GuestExecResult{Signal: number(0xC0000005)}, 255, "exception 0xc0000005"},
		{"nothing known", subresourcesv1.GuestExecResult{}, 255, "does not tell"},
		{"truncated", subresourcesv1.GuestExecResult{ExitCode: number(0), Truncated: true}, 0, "more than is shown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var errOut bytes.Buffer
			err := report(&tc.result, ExecOptions{Out: io.Discard, Err: &errOut})
			code := 0
			var exit *client.Exit
			if errors.As(err, &exit) {
				code = exit.Code
			} else if err != nil {
				t.Fatal(err)
			}
			if code != tc.code || !strings.Contains(errOut.String(), tc.says) || tc.says == "" && errOut.Len() > 0 {
				t.Errorf("ends with %d, says %q; want %d, %q", code, errOut.String(), tc.code, tc.says)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for want, o := range map[string]ExecOptions{
		"":                {Timeout: time.Hour, Env: []string{"A="}},
		"from 1s to":      {Timeout: 2 * time.Hour},
		"--timeout 0s":    {},
		"be NAME=value":   {Timeout: time.Minute, Env: []string{"A"}},
		"--env =b: must ": {Timeout: time.Minute, Env: []string{"=b"}},
	} {
		err := o.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestExecArguments(t *testing.T) {
	for line, ok := range map[string]bool{
		"myvm -- ls -l": true, "myvm ls": false, "myvm --": false, "myvm other -- ls": false, "-- ls": false,
	} {
		cmd := newExecCommand(genericclioptions.NewConfigFlags(true))
		if err := cmd.ParseFlags(strings.Fields(line)); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Args(cmd, cmd.Flags().Args()); (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
	}
}
