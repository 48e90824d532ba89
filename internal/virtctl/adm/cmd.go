// Package adm is `virtctl adm`: what administrators of a cluster do.
package adm

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/adm/logverbosity"
)

// NewCommand returns `virtctl adm` with its subcommands.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "adm", Short: "Administer the installation in the cluster."}
	cmd.AddCommand(logverbosity.NewCommand(flags))
	return cmd
}
