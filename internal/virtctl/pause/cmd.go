// Package pause is `virtctl pause` and its inverse, `virtctl unpause`.
package pause

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl pause`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := command(flags, pause)
	cmd.Short = "Stop a guest's virtual CPUs; its memory and connections stay."
	return cmd
}

// NewUnpauseCommand returns `virtctl unpause`.
func NewUnpauseCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := command(flags, unpause)
	cmd.Short = "Let a paused guest go on."
	return cmd
}

func command(flags *genericclioptions.ConfigFlags, v verb) *cobra.Command {
	o := Options{verb: v}
	cmd := &cobra.Command{
		Use: v.name + " vm|vmi NAME",
		Example: "  # By the name of the machine\n  virtctl " + v.name + " vm myvm\n\n" +
			"  # By the name of the instance\n  virtctl " + v.name + " vmi myvm",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Kind, o.Name, o.Out = args[0], args[1], cmd.OutOrStdout()
			if err := o.Validate(); err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return Run(cmd.Context(), c, o)
		},
	}
	client.AddDryRun(cmd.Flags(), &o.DryRun)
	return cmd
}
