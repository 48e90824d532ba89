// Package start is `virtctl start`.
package start

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl start`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "start VM",
		Short: "Start a virtual machine.",
		Example: `  # Start the virtual machine myvm
  virtctl start myvm`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			o.Name, o.Out = args[0], cmd.OutOrStdout()
			return Run(cmd.Context(), c, o)
		},
	}
	cmd.Flags().BoolVar(&o.Paused, "paused", false, "start the guest paused")
	client.AddDryRun(cmd.Flags(), &o.DryRun)
	return cmd
}
