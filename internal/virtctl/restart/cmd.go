// Package restart is `virtctl restart`.
package restart

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl restart`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "restart VM",
		Short: "Stop a virtual machine and start it again.",
		Example: `  # Shut the guest of myvm down and start it anew
  virtctl restart myvm

  # Do not wait for its shutdown
  virtctl restart myvm --force --grace-period=0`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Force.Check(cmd.Flags()); err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			o.Name, o.Out = args[0], cmd.OutOrStdout()
			return Run(cmd.Context(), c, o)
		},
	}
	o.Force.Add(cmd.Flags(), "end the guest")
	client.AddDryRun(cmd.Flags(), &o.DryRun)
	return cmd
}
