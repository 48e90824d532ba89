package ssh

import (
	"context"
	"io"

	"kubevirt.io/kubevirt/internal/virtctl/sshclient"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// Options of one login.
type Options struct {
	// Target is [USER@]TYPE/NAME[/NAMESPACE].
	Target string
	// Namespace of a target that names none.
	Namespace string
	// Command to run instead of a shell.
	Command  string
	Client   sshclient.Flags
	Self     sshclient.Self
	In       io.Reader
	Out, Err io.Writer
}

// Run logs in and ends with the exit code of the session.
func Run(ctx context.Context, o Options) error {
	user, guest, err := target.ParseLogin(o.Target)
	if err != nil {
		return err
	}
	if o.Client.User == "" {
		o.Client.User = user
	}
	guest = guest.In(o.Namespace)
	args := []string{guest.Host()}
	if o.Command != "" {
		args = append(args, o.Command)
	}
	return sshclient.Run(ctx, sshclient.Session{
		Program: "ssh", Flags: o.Client, Self: o.Self, Guest: guest, Args: args, In: o.In, Out: o.Out, Err: o.Err,
	})
}
