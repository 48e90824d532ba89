// Package explain is `virtctl explain`.
package explain

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/output"
)

// NewCommand returns `virtctl explain`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "explain vm NAME",
		Short: "Say why a virtual machine is not running, not ready or not migratable.",
		Long: `Say why a virtual machine is not running, not ready or not migratable: each cause
with where it can be seen and what to do about it. What somebody asked for, such as
a machine that is switched off, is told as a note.

The exit code is 0 whatever is found; scripts look at "healthy" and "causes" of the
answer, -o json.`,
		Example: `  # Why does myvm not run?
  virtctl explain vm myvm

  # The causes in a word each
  virtctl explain vm myvm -o json | jq -r '.causes[].reason'`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Kind, o.Name, o.Program, o.Out = args[0], args[1], cmd.Root().DisplayName(), cmd.OutOrStdout()
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
	o.Output.Add(cmd, "", output.JSON, output.YAML)
	return cmd
}
