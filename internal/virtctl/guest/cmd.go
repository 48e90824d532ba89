// Package guest is `virtctl guest`: programs and files inside a guest, by way of
// its agent.
package guest

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl guest` with its subcommands.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "guest",
		Short: "Run programs and copy files in a guest, through its agent.",
		Long: `Run programs and copy files in a guest. It needs no network and no account in the
guest, but the guest agent, and does what it does as the agent's user, who is mostly
root: the role kubevirt.io:view does not allow it.`,
	}
	cmd.AddCommand(newExecCommand(flags), newCopyCommand(flags))
	return cmd
}

func newExecCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	o := ExecOptions{}
	withInput := false
	cmd := &cobra.Command{
		Use:   "exec VMI -- PROGRAM [ARGUMENT...]",
		Short: "Run a program in a guest.",
		Long: `Run a program in a guest and print what it writes once it has ended. The exit code is
the program's; 128 and the signal's number if a signal ended it. No shell is involved
unless the program is one.`,
		Example: `  # Which kernel runs in myvm?
  virtctl guest exec myvm -- uname -r

  # A line of shell
  virtctl guest exec myvm -- sh -c 'dmesg | tail -n 5'

  # What the program is to read
  echo 'root:secret' | virtctl guest exec myvm -i -- chpasswd`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.ArgsLenAtDash() != 1 || len(args) < 2 {
				return errors.New("name the guest, and after -- the program: `virtctl guest exec myvm -- uname -r`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name, o.Command = args[0], args[1:]
			o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if withInput {
				o.In = cmd.InOrStdin()
			}
			if err := o.Validate(); err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return Exec(cmd.Context(), c, o)
		},
	}
	cmd.Flags().DurationVar(&o.Timeout, "timeout", 30*time.Second,
		"how long to wait for the program's end, at most 1h, and no longer than the cluster's API server allows; it is not stopped then")
	cmd.Flags().StringArrayVar(&o.Env, "env", nil, "NAME=value for the program's environment; the agent's environment if there is none")
	cmd.Flags().BoolVarP(&withInput, "stdin", "i", false, "pass standard input, at most 1 MiB, to the program")
	return cmd
}

func newCopyCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "cp SOURCE DESTINATION",
		Short: "Copy a file to or from a guest.",
		Long: `Copy a single file to or from a guest. One side is VMI:PATH, or vmi/VMI/NAMESPACE:PATH,
with an absolute path in the guest; the other is a local file, or - for standard input
or output. Owner, mode and times are not kept.

A local file is replaced only once all of it has arrived. A file in the guest is
emptied first, so a copy that fails leaves it incomplete, and says how far it came.`,
		Example: `  # Fetch a log
  virtctl guest cp myvm:/var/log/syslog .

  # Put a file into a directory of the guest
  virtctl guest cp app.conf myvm:/etc/app/

  # Without a local file
  virtctl guest cp myvm:/etc/hosts - | grep myhost`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := CopyOptions{
				Source: args[0], Destination: args[1], In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(),
			}
			plan, err := o.Plan()
			if err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return plan.Run(cmd.Context(), c)
		},
	}
}
