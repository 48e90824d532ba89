// Package objectgraph is `virtctl objectgraph`.
package objectgraph

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/output"
)

// NewCommand returns `virtctl objectgraph`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "objectgraph VM",
		Short: "Print the objects that a virtual machine depends on.",
		Long: `Print the objects that a virtual machine, or with --vmi an instance, depends on: its
claims, Secrets and ConfigMaps, its pod, and what those depend on in turn. The
cluster's feature gate ObjectGraph must be on.`,
		Example: `  # The objects of myvm
  virtctl objectgraph myvm

  # What must be copied to have its disks
  virtctl objectgraph myvm --selector kubevirt.io/dependency-type=storage --exclude-optional -o yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Output.Check(); err != nil {
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
	cmd.Flags().BoolVar(&o.ExcludeOptional, "exclude-optional", false, "leave out what the machine could do without")
	cmd.Flags().StringToStringVar(&o.Selector, "selector", nil, "show only objects whose label kubevirt.io/dependency-type, or other label in the graph, has this value")
	cmd.Flags().BoolVar(&o.Instance, "vmi", false, "begin at the instance of that name instead")
	o.Output.Add(cmd, output.JSON, output.YAML)
	return cmd
}
