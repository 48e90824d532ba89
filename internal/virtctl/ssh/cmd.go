// Package ssh is `virtctl ssh`.
package ssh

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/sshclient"
)

// NewCommand returns `virtctl ssh`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
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
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			if o.Self, err = sshclient.Own(sshclient.Inherited(cmd.InheritedFlags())); err != nil {
				return err
			}
			o.Client.Check(cmd.Flags())
			o.Target, o.Namespace = args[0], c.Namespace
			o.In, o.Out, o.Err = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return Run(cmd.Context(), o)
		},
	}
	o.Client.Add(cmd.Flags())
	cmd.Flags().StringVarP(&o.Command, "command", "c", "", "command to run in the guest instead of a shell")
	return cmd
}
