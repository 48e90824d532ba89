// Package reboot is what makes a running guest start over: `virtctl soft-reboot`
// asks it to, `virtctl reset` does not.
package reboot

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl soft-reboot`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := command(flags, soft)
	cmd.Use = "soft-reboot VMI"
	cmd.Short = "Ask a guest to reboot, through its agent or its power button."
	cmd.Example = "  # Reboot the guest of myvm in order\n  virtctl soft-reboot myvm"
	return cmd
}

// NewResetCommand returns `virtctl reset`.
func NewResetCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := command(flags, hard)
	cmd.Use = "reset VMI"
	cmd.Short = "Press a guest's reset button; what it has not written is lost."
	cmd.Example = "  # Reset the guest of myvm, which hangs\n  virtctl reset myvm"
	return cmd
}

func command(flags *genericclioptions.ConfigFlags, v verb) *cobra.Command {
	return &cobra.Command{
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return run(cmd.Context(), c, v, args[0], cmd.OutOrStdout())
		},
	}
}
