package guestagent

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
)

func TestExec(t *testing.T) {
	for name, tc := range map[string]struct {
		options   subresources.GuestExecOptions
		code      int64
		stdout    string
		stderr    string
		truncated bool
	}{
		"outputs and code": {
			options: subresources.GuestExecOptions{Command: []string{"sh", "-c", "echo out; echo err >&2; exit 3"}},
			code:    3, stdout: "out\n", stderr: "err\n",
		},
		"input": {options: subresources.GuestExecOptions{Command: []string{"cat"}, Stdin: []byte("in")}, stdout: "in"},
		"environment": {
			options: subresources.GuestExecOptions{Command: []string{"/bin/sh", "-c", "echo $A+$HOME"}, Env: []string{"A=b c"}},
			stdout:  "b c+\n",
		},
		"words are not interpreted": {
			options: subresources.GuestExecOptions{Command: []string{"printf", "%s|", "$HOME", "`id`", "a b", `"`, "*"}},
			stdout:  "$HOME|`id`|a b|\"|*|",
		},
		"no word of the shell is a program": {options: subresources.GuestExecOptions{Command: []string{"exit", "5"}}, code: 127},
		"nor is one of ours":                {options: subresources.GuestExecOptions{Command: []string{"cut", "-c2"}, Stdin: []byte("abc")}, stdout: "b\n"},
		"a signal":                          {options: subresources.GuestExecOptions{Command: []string{"sh", "-c", "kill -KILL $$"}}, code: 137},
		"as much as is kept": {
			options: subresources.GuestExecOptions{Command: []string{"head", "-c", "1048576", "/dev/zero"}}, stdout: zeros,
		},
		"more than is kept": {
			options: subresources.GuestExecOptions{Command: []string{"sh", "-c", "head -c 9000000 /dev/zero; head -c 9000000 /dev/zero >&2; exit 4"}},
			code:    4, stdout: zeros, stderr: zeros, truncated: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			agent := newFakeAgent(t)
			pid, err := Start(t.Context(), agent.ask, &tc.options)
			if err != nil {
				t.Fatal(err)
			}
			result, err := Result(t.Context(), agent.ask, pid)
			if err != nil || result.ExitCode == nil || *result.ExitCode != tc.code || result.Signal != nil || result.Truncated != tc.truncated {
				t.Fatalf("result %+v, %v", result, err)
			}
			// What the shell says of a missing or killed program is its own affair.
			shellSays := tc.code > 126
			if string(result.Stdout) != tc.stdout || (!shellSays && string(result.Stderr) != tc.stderr) {
				t.Errorf("%d bytes of output, %d of errors: %.40q %.40q", len(result.Stdout), len(result.Stderr), result.Stdout, result.Stderr)
			}
			for _, output := range []any{agent.ended[pid]["out-data"], agent.ended[pid]["err-data"]} {
				if len(output.([]byte)) > subresources.MaxExecOutput+1 {
					t.Errorf("%d bytes left the guest", len(output.([]byte)))
				}
			}
		})
	}
}

var zeros = string(make([]byte, subresources.MaxExecOutput))

// Input that is too much for one message comes from a file, of which nothing is left.
func TestMuchInput(t *testing.T) {
	agent := newFakeAgent(t)
	t.Setenv("TMPDIR", t.TempDir())
	end := func(pid int64, err error) *subresources.GuestExecResult {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		result, err := Result(t.Context(), agent.ask, pid)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	options := &subresources.GuestExecOptions{Command: []string{"sh", "-c", "cat; ls $TMPDIR >&2"}, Stdin: content()[:subresources.MaxFilePiece]}
	dir, err := Directory(end(Start(t.Context(), agent.ask, MakeDirectory())))
	if err != nil {
		t.Fatal(err)
	}
	result := end(StartWithInput(t.Context(), agent.ask, options, dir))
	if !bytes.Equal(result.Stdout, options.Stdin) || len(result.Stderr) != 0 {
		t.Errorf("%d bytes of output, left %q", len(result.Stdout), result.Stderr)
	}
	if dir, err = Directory(end(Start(t.Context(), agent.ask, MakeDirectory()))); err != nil {
		t.Fatal(err)
	}
	end(Start(t.Context(), agent.ask, RemoveDirectory(dir)))
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	t.Setenv("TMPDIR", "/nonexistent")
	if _, err := Directory(end(Start(t.Context(), agent.ask, MakeDirectory()))); err == nil ||
		!strings.Contains(err.Error(), "which mktemp does not make: mktemp") {
		t.Errorf("without a directory: %v", err)
	}
}

// Command, environment and input that are allowed fit into one message, or the input
// goes another way.
func TestMessages(t *testing.T) {
	agent := newFakeAgent(t)
	for _, tc := range []struct {
		command, input int
		much           bool
	}{
		{10, 40000, false}, {10, 50000, true}, {subresources.MaxExecCommand - 8, 0, false}, {subresources.MaxExecCommand - 8, 1, true},
		{70000, 36000, false}, {70000, 48000, true},
	} {
		options := &subresources.GuestExecOptions{Command: []string{strings.Repeat("x", tc.command)}, Stdin: make([]byte, tc.input)}
		if err := options.Validate(); err != nil || HasMuchInput(options) != tc.much {
			t.Errorf("%+v: %v", tc, err)
		}
		start := func() (int64, error) { return Start(t.Context(), agent.ask, options) }
		if tc.much {
			dir := t.TempDir()
			start = func() (int64, error) { return StartWithInput(t.Context(), agent.ask, options, dir) }
		}
		if _, err := start(); err != nil {
			t.Errorf("%+v: %.200v", tc, err)
		}
	}
	if agent.sent > maxMessage {
		t.Errorf("a message has %d bytes", agent.sent)
	}
	long := &subresources.GuestExecOptions{Command: []string{strings.Repeat("x", maxMessage)}}
	if _, err := Start(t.Context(), agent.ask, long); err == nil || !strings.Contains(err.Error(), "the guest agent takes at most 131072") {
		t.Errorf("a long command: %.200v", err)
	}
}

// A guest without a shell runs the program itself; one whose agent may not run any
// says so.
func TestStart(t *testing.T) {
	var asked []string
	ask := func(refuse ...string) Ask {
		asked = nil
		return func(_ context.Context, message string) (string, error) {
			asked = append(asked, message)
			for _, word := range refuse {
				if strings.Contains(message, word) {
					return "", refused("Failed to execute child process")
				}
			}
			if strings.Contains(message, "guest-info") {
				return `{"return":{"version":"1","supported_commands":[{"name":"guest-exec","enabled":true}]}}`, nil
			}
			return `{"return":{"pid":5}}`, nil
		}
	}
	options := &subresources.GuestExecOptions{Command: []string{"dir", "/w"}}
	if pid, err := Start(t.Context(), ask("/bin/sh"), options); err != nil || pid != 5 ||
		asked[1] != `{"execute":"guest-exec","arguments":{"path":"dir","arg":["/w"],"capture-output":true}}` {
		t.Errorf("%d %v %q", pid, err, asked)
	}
	want := "running dir in the guest: Failed to execute child process"
	if _, err := Start(t.Context(), ask("guest-exec"), options); err == nil || err.Error() != want {
		t.Errorf("no program: %v", err)
	}
	// Whether a program was started is not known where there is no answer.
	calls := 0
	late := func(context.Context, string) (string, error) { calls++; return "", context.DeadlineExceeded }
	if _, err := Start(t.Context(), late, options); !errors.Is(err, context.DeadlineExceeded) || calls != 1 {
		t.Errorf("no answer: %v after %d calls", err, calls)
	}
	agent := newFakeAgent(t)
	agent.disabled = []string{commandExec}
	want = "running dir in the guest: the configuration of the guest's agent forbids guest-exec: Command has been disabled"
	if _, err := Start(t.Context(), agent.ask, options); !errors.Is(err, errDisabled) || err.Error() != want {
		t.Errorf("a disabled command: %v", err)
	}
}

func TestResult(t *testing.T) {
	agent := newFakeAgent(t)
	for answer, want := range map[string]func(*subresources.GuestExecResult, error) bool{
		`{"return":{"exited":false}}`: func(r *subresources.GuestExecResult, err error) bool { return r == nil && err == nil },
		`{"return":{"exited":true,"signal":9,"out-data":"aGk=","out-truncated":true}}`: func(r *subresources.GuestExecResult, err error) bool {
			return err == nil && r.ExitCode == nil && *r.Signal == 9 && bytes.Equal(r.Stdout, []byte("hi")) && r.Truncated
		},
		`{"return":{"exited":true,"out-data":"*"}}`: func(_ *subresources.GuestExecResult, err error) bool { return err != nil },
		`{"return":"` + strings.Repeat("x", 5000):   func(_ *subresources.GuestExecResult, err error) bool { return err != nil && len(err.Error()) < 500 },
	} {
		agent.answers[commandExecStatus] = answer
		if result, err := Result(t.Context(), agent.ask, 1); !want(result, err) {
			t.Errorf("%.80s: %+v, %v", answer, result, err)
		}
	}
	if slices.Contains(agent.commands, commandExec) {
		t.Error("something was run")
	}
}
