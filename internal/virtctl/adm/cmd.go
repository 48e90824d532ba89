// Package adm is what administrators of a cluster do, or look at, in the KubeVirt
// object: `virtctl adm` and `virtctl permitted-devices`.
package adm

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl adm` with its subcommands.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "adm", Short: "Administer the installation in the cluster."}
	cmd.AddCommand(newVerbosityCommand(flags))
	return cmd
}

// NewDevicesCommand returns `virtctl permitted-devices`.
func NewDevicesCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "permitted-devices",
		Short: "Print the devices of nodes that guests may use.",
		Long: `Print the devices of nodes that the cluster lets guests use. A guest gets one by its
RESOURCE, as deviceName of spec.domain.devices.gpus or hostDevices.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return printDevices(cmd.Context(), c.Objects, cmd.OutOrStdout())
		},
	}
}
