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
			o.GracePeriodSet = cmd.Flags().Changed("grace-period")
			if err := o.Validate(); err != nil {
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
	cmd.Flags().BoolVar(&o.Force, "force", false, "stop the guest at once; needs --grace-period=0")
	cmd.Flags().Int64Var(&o.GracePeriod, "grace-period", -1, "seconds the guest has to shut down; only 0, together with --force")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "let the server check the request without carrying it out")
	return cmd
}
