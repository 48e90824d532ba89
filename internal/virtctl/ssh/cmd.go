// Package ssh is `virtctl ssh` and `virtctl scp`: this machine's clients, which
// connect to a guest through virtctl's own port-forward.
package ssh

import (
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl ssh`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var own loginFlags
	var command string
	cmd := &cobra.Command{
		Use:   "ssh [USER@]TYPE/NAME[/NAMESPACE]",
		Short: "Log in to a guest with the local ssh client.",
		Long:  "Log in to a guest with the local ssh client, through the cluster's API. The exit code is that of the remote command.",
		Example: `  # Log in to myvm as fedora
  virtctl ssh fedora@vm/myvm

  # Run a command there
  virtctl ssh fedora@vm/myvm/mynamespace --command 'uname -a'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := newSession(cmd, flags, own)
			if err != nil {
				return err
			}
			if err := s.login(args[0], command); err != nil {
				return err
			}
			return s.run(cmd.Context())
		},
	}
	own.add(cmd.Flags())
	cmd.Flags().StringVarP(&command, "command", "c", "", "command to run in the guest instead of a shell")
	return cmd
}

// NewCopyCommand returns `virtctl scp`.
func NewCopyCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var own loginFlags
	var what files
	cmd := &cobra.Command{
		Use:   "scp SOURCE DESTINATION",
		Short: "Copy files to or from a guest with the local scp client.",
		Long: "Copy files to or from a guest with the local scp client, through the cluster's API.\n\n" +
			"One of SOURCE and DESTINATION is [USER@]TYPE/NAME[/NAMESPACE]:PATH, the other a local path.",
		Example: `  # Copy a file to the home directory of fedora in myvm
  virtctl scp notes.txt fedora@vm/myvm:

  # Copy a directory from there
  virtctl scp --recursive fedora@vm/myvm/mynamespace:/var/log logs`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := newSession(cmd, flags, own)
			if err != nil {
				return err
			}
			what.source, what.destination = args[0], args[1]
			if err := s.copy(what); err != nil {
				return err
			}
			return s.run(cmd.Context())
		},
	}
	own.add(cmd.Flags())
	cmd.Flags().BoolVarP(&what.recursive, "recursive", "r", false, "copy directories with all that is in them")
	cmd.Flags().BoolVar(&what.preserve, "preserve", false, "keep the files' times and modes")
	return cmd
}

// newSession knows everything but the guest and what to do there.
func newSession(cmd *cobra.Command, flags *genericclioptions.ConfigFlags, own loginFlags) (*session, error) {
	c, err := client.New(flags)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the own program: %w", err)
	}
	own.identitySet = cmd.Flags().Changed(identityFlag)
	args, env := client.Inherited(cmd.InheritedFlags())
	return &session{
		flags: own, self: self{program, args, runtime.GOOS == "windows"}, env: env, server: c.Server(), namespace: c.Namespace,
		in: cmd.InOrStdin(), out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(),
	}, nil
}
