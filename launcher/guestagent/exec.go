package guestagent

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// An agent sends all that a program has written in one piece, up to 16 MiB of it.
// libvirt takes answers of 4 MiB, in which both outputs are encoded as base64, and gives
// an agent up for good that says more than 10. So the outputs are cut in the guest, where
// that has a shell: by a program that reads all, so that nobody finds out who writes
// more. The command is not the shell's to interpret, nor one of the shell's own; its exit
// code, as shells count, travels past the outputs.
const (
	shell = "/bin/sh"
	cut   = `n=$1; shift; exec 5>&1 6>&2
cut() { head -c "$n"; cat >/dev/null; }
exit "$({ { { (exec "$@" 3>&- 4>&- 5>&- 6>&-); echo "$?" >&3; } 2>&4 | cut >&5 3>&- 4>&-; } 4>&1 | cut >&6 3>&-; } 3>&1)"`
)

// withInput starts a program on the file "stdin" in a directory, which is gone by then.
const withInput = `exec <"$1/stdin"; rm -rf "$1"; shift; exec "$@"`

type program struct {
	Path    string   `json:"path"`
	Args    []string `json:"arg,omitempty"`
	Env     []string `json:"env,omitempty"`
	Input   []byte   `json:"input-data,omitempty"`
	Capture bool     `json:"capture-output"`
}

// Start has the agent start a program and returns the number that its end is asked
// for by.
func Start(ctx context.Context, ask Ask, options *subresources.GuestExecOptions) (int64, error) {
	direct := program{Path: options.Command[0], Args: options.Command[1:], Env: options.Env, Input: options.Stdin, Capture: true}
	bounded := direct
	bounded.Path = shell
	bounded.Args = append([]string{"-c", cut, shell, strconv.Itoa(subresources.MaxExecOutput + 1)}, options.Command...)
	var started struct {
		PID int64 `json:"pid"`
	}
	err := ask.call(ctx, commandExec, bounded, &started)
	if errors.Is(err, hypervisor.ErrRefused) { // such as by a guest without this shell
		err = ask.call(ctx, commandExec, direct, &started)
	}
	if err != nil {
		return 0, fmt.Errorf("running %s in the guest: %w", options.Command[0], ask.allowed(ctx, commandExec, err))
	}
	return started.PID, nil
}

// HasMuchInput tells whether a program's input exceeds what Start can pass beside its
// command, and needs a directory.
func HasMuchInput(options *subresources.GuestExecOptions) bool {
	return len(options.Stdin) > writePortion ||
		base64.StdEncoding.EncodedLen(len(options.Stdin))+options.CommandSize() > subresources.MaxExecCommand
}

// MakeDirectory returns the program that makes a directory for input.
func MakeDirectory() *subresources.GuestExecOptions {
	return &subresources.GuestExecOptions{Command: []string{"mktemp", "-d"}}
}

// Directory returns which directory MakeDirectory's program has made.
func Directory(made *subresources.GuestExecResult) (string, error) {
	dir := strings.TrimSpace(string(made.Stdout))
	if made.ExitCode == nil || *made.ExitCode != 0 || subresources.ValidateGuestPath(dir) != nil {
		return "", fmt.Errorf("stdin of this size needs a directory in the guest, which mktemp does not make: %s",
			hypervisor.Bounded(string(made.Stderr)))
	}
	return dir, nil
}

// RemoveDirectory returns the program that removes a directory which no other has
// got to.
func RemoveDirectory(dir string) *subresources.GuestExecOptions {
	return &subresources.GuestExecOptions{Command: []string{"rm", "-rf", dir}}
}

// StartWithInput is Start of a program whose input goes through a directory, which the
// program removes.
func StartWithInput(ctx context.Context, ask Ask, options *subresources.GuestExecOptions, dir string) (int64, error) {
	if err := Write(ctx, ask, &subresources.GuestFileOptions{Path: dir + "/stdin", Data: options.Stdin}); err != nil {
		return 0, err
	}
	reader := *options
	reader.Stdin = nil
	reader.Command = append([]string{shell, "-c", withInput, shell, dir}, options.Command...)
	return Start(ctx, ask, &reader)
}

// Result asks how a program has ended; nil while it has not. The agent forgets it
// with the answer.
func Result(ctx context.Context, ask Ask, pid int64) (*subresources.GuestExecResult, error) {
	var status struct {
		Exited          bool   `json:"exited"`
		ExitCode        *int64 `json:"exitcode"`
		Signal          *int64 `json:"signal"`
		Stdout          []byte `json:"out-data"`
		Stderr          []byte `json:"err-data"`
		StdoutTruncated bool   `json:"out-truncated"`
		StderrTruncated bool   `json:"err-truncated"`
	}
	err := ask.call(ctx, commandExecStatus, map[string]int64{"pid": pid}, &status)
	if err != nil {
		return nil, fmt.Errorf("asking how the program in the guest goes on: %w", err)
	}
	if !status.Exited {
		return nil, nil
	}
	return &subresources.GuestExecResult{
		ExitCode: status.ExitCode, Signal: status.Signal,
		Stdout: first(status.Stdout, subresources.MaxExecOutput), Stderr: first(status.Stderr, subresources.MaxExecOutput),
		Truncated: status.StdoutTruncated || status.StderrTruncated ||
			len(status.Stdout) > subresources.MaxExecOutput || len(status.Stderr) > subresources.MaxExecOutput,
	}, nil
}
