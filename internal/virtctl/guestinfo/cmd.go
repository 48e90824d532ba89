// Package guestinfo is what a guest's agent tells: `virtctl guestosinfo`,
// `virtctl userlist` and `virtctl fslist`.
package guestinfo

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommands returns the three.
func NewCommands(flags *genericclioptions.ConfigFlags) []*cobra.Command {
	return []*cobra.Command{
		newCommand(flags, "guestosinfo", "guestosinfo", "Print what a guest's agent tells about its operating system."),
		newCommand(flags, "userlist", "userlist", "Print who is logged in to a guest, as its agent tells."),
		newCommand(flags, "fslist", "filesystemlist", "Print the filesystems of a guest, as its agent tells."),
	}
}

func newCommand(flags *genericclioptions.ConfigFlags, name, subresource, short string) *cobra.Command {
	return &cobra.Command{
		Use:     name + " VMI",
		Short:   short,
		Example: "  # Ask the agent in the guest of myvm\n  virtctl " + name + " myvm",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return run(cmd.Context(), c, args[0], subresource, cmd.OutOrStdout())
		},
	}
}
