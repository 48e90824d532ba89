// Package scp is `virtctl scp`.
package scp

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/sshclient"
)

// NewCommand returns `virtctl scp`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "scp SOURCE DESTINATION",
		Short: "Copy files to or from a guest with the local scp client.",
		Long: "Copy files to or from a guest with the local scp client, through the cluster's API.\n\n" +
			"One of SOURCE and DESTINATION is [USER@]TYPE/NAME[/NAMESPACE]:PATH, the other a local path.",
		Example: `  # Copy a file to the home directory of fedora in myvm
  virtctl scp notes.txt fedora@vm/myvm:

  # Copy a directory from there
  virtctl scp --recursive fedora@vm/myvm/mynamespace:/var/log logs`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			if o.Self, err = sshclient.Own(sshclient.Inherited(cmd.InheritedFlags())); err != nil {
				return err
			}
			o.Client.Check(cmd.Flags())
			o.Source, o.Destination, o.Namespace = args[0], args[1], c.Namespace
			o.In, o.Out, o.Err = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return Run(cmd.Context(), o)
		},
	}
	o.Client.Add(cmd.Flags())
	cmd.Flags().BoolVarP(&o.Recursive, "recursive", "r", false, "copy directories with all that is in them")
	cmd.Flags().BoolVar(&o.Preserve, "preserve", false, "keep the files' times and modes")
	return cmd
}
