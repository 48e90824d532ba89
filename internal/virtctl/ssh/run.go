package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/proxy"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

const (
	// connectionFailed is the exit code by which an ssh client tells of its own
	// failure, rather than that of the command it ran.
	connectionFailed = 255
	// denied is what a client says when the guest lets nobody in.
	denied = "Permission denied"
	noKey  = "you have no ssh key: make one with `ssh-keygen`, and give its public half to the guest, " +
		"e.g. with `virtctl create vm --ssh-key`; --identity-file names a key elsewhere"
)

// session is one run of a client.
type session struct {
	flags loginFlags
	self  self
	// env are variables for the virtctl that the client calls.
	env []string
	// server is the address of the cluster.
	server string
	// namespace of a guest that is named without one.
	namespace string
	in        io.Reader
	out, err  io.Writer

	// program of the client: ssh or scp.
	program string
	guest   target.Target
	// args follow the arguments by which the client reaches the guest.
	args []string
}

// reach sets which client reaches which guest; --username goes before the user there.
func (s *session) reach(program, user string, guest target.Target) {
	s.program, s.guest = program, guest.In(s.namespace)
	if s.flags.user == "" {
		s.flags.user = user
	}
}

// run runs the client and ends with its exit code.
func (s *session) run(ctx context.Context) error {
	args, err := s.clientArgs()
	if err != nil {
		return err
	}
	program, err := exec.LookPath(s.program)
	if err != nil {
		return fmt.Errorf("there is no %s client on the PATH: install one, e.g. the package openssh-client (%w)", s.program, err)
	}
	cmd := proxy.Command(ctx, program, append(args, s.args...)...)
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.err
	home, _ := os.UserHomeDir()
	said := &tail{to: s.err}
	if !s.flags.identitySet && !hasKey(home, os.Getenv("SSH_AUTH_SOCK") != "") {
		cmd.Stderr = said
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() < 0 {
		return err
	}
	end := &client.Exit{Code: exit.ExitCode()}
	if end.Code == connectionFailed && bytes.Contains(said.last, []byte(denied)) {
		end.Hint = noKey
	}
	return end
}

// tail passes on what a client says and keeps the last of it.
type tail struct {
	to   io.Writer
	last []byte
}

const tailSize = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	t.last = t.last[max(0, len(t.last)-tailSize):]
	return t.to.Write(p)
}
