// Package portforward is `virtctl port-forward`.
package portforward

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl port-forward`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "port-forward TYPE/NAME[/NAMESPACE] [PROTOCOL/]LOCAL[:TARGET]...",
		Short: "Forward local ports to ports of a guest.",
		Long: "Forward local ports to ports of a guest until interrupted.\n\n" +
			"TYPE is vm or vmi, PROTOCOL tcp or udp. A local port of 0 takes a free one; without TARGET the guest's port is the same.",
		Example: `  # Reach port 80 of myvm at local port 8080, and its DNS server at 5353
  virtctl port-forward vm/myvm 8080:80 udp/5353:53

  # Connect standard input and output, e.g. as an ssh client's ProxyCommand
  ssh -o 'ProxyCommand=virtctl port-forward --stdio=true vm/myvm/mynamespace 22' user@myvm`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.In, o.Out, o.Err = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			if err := o.parse(args); err != nil {
				return err
			}
			client.Receive(cmd.Flags())
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return Run(cmd.Context(), c, o)
		},
	}
	cmd.Flags().StringVar(&o.Address, "address", "127.0.0.1", "local address to listen on")
	cmd.Flags().BoolVar(&o.Stdio, "stdio", false, "connect standard input and output instead of listening; takes one port")
	return cmd
}
