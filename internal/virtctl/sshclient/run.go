package sshclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

const (
	// connectionFailed is the exit code by which an ssh client tells of its own
	// failure, rather than that of the command it ran.
	connectionFailed = 255
	// restoreTimeout is what a client gets to put the terminal back in order.
	restoreTimeout = 2 * time.Second
)

// Session is one run of a client.
type Session struct {
	// Program of the client: ssh or scp.
	Program string
	Flags   Flags
	Self    Self
	Guest   target.Target
	// Args follow the arguments by which the client reaches the guest.
	Args     []string
	In       io.Reader
	Out, Err io.Writer
}

// Run runs the client and ends with its exit code.
func Run(ctx context.Context, s Session) error {
	args, err := s.Flags.clientArgs(s.Self, s.Guest)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(s.Program)
	if err != nil {
		return fmt.Errorf("there is no %s client on the PATH: install one, e.g. the package openssh-client (%w)", s.Program, err)
	}
	cmd := exec.CommandContext(ctx, program, append(args, s.Args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.In, s.Out, s.Err
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" {
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = restoreTimeout
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() < 0 {
		return err
	}
	if exit.ExitCode() == connectionFailed && !s.Flags.IdentitySet {
		home, _ := os.UserHomeDir()
		if !hasKey(home, os.Getenv("SSH_AUTH_SOCK") != "") {
			fmt.Fprintln(s.Err, "hint: you have no ssh key: make one with `ssh-keygen`, and give its public half to the guest, "+
				"e.g. with `virtctl create vm --ssh-key`; --identity-file names a key elsewhere")
		}
	}
	return &client.Exit{Code: exit.ExitCode()}
}

// Own describes this virtctl; flags are its root command's.
func Own(flags []string) (Self, error) {
	program, err := os.Executable()
	if err != nil {
		return Self{}, fmt.Errorf("finding the own program: %w", err)
	}
	return Self{Program: program, Flags: flags, Windows: runtime.GOOS == "windows"}, nil
}
