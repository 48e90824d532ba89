// Package version is `virtctl version`.
package version

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl version`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var clientOnly bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the client's and the server's version.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if clientOnly {
				return printClient(cmd.OutOrStdout())
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return Run(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVarP(&clientOnly, "client", "c", false, "print only the client's version, without reaching a cluster")
	return cmd
}
