// Package stop is `virtctl stop`.
package stop

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl stop`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "stop VM",
		Short: "Stop a virtual machine.",
		Example: `  # Shut the guest of myvm down
  virtctl stop myvm

  # Pull the plug
  virtctl stop myvm --force --grace-period=0`,
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
	o.Force.Add(cmd.Flags(), "stop the guest")
	client.AddDryRun(cmd.Flags(), &o.DryRun)
	return cmd
}
