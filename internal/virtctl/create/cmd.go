// Package create is `virtctl create`: commands that print manifests.
package create

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/unavailable"
)

// NewCommand returns `virtctl create` with its subcommands.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Print the manifest of a new object.",
		Long:  "Print the manifest of a new object, for `kubectl create -f -`. Nothing is sent to the cluster.",
	}
	cmd.AddCommand(newMachineCommand(flags))
	unavailable.AddToCreate(cmd)
	return cmd
}
