// Package expose is `virtctl expose`.
package expose

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/output"
)

// NewCommand returns `virtctl expose`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "expose (vmi|vm|vmirs) NAME --name SERVICE",
		Short: "Make a Service for a guest, or for all of a replica set.",
		Long: `Make a Service that leads to a guest, or to all guests of a replica set. Its ports
are those of --port, or else the ports of the guest's interfaces.`,
		Example: `  # Reach the ssh server of myvm in the cluster, as myvm-ssh
  virtctl expose vm myvm --name myvm-ssh --port 22

  # Reach it from outside, on a port of every node
  virtctl expose vm myvm --name myvm-ssh --port 20022 --target-port 22 --type NodePort`,
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
	addFlags(cmd, &o)
	return cmd
}

func addFlags(cmd *cobra.Command, o *Options) {
	f := cmd.Flags()
	f.StringVar(&o.Service, "name", "", "name of the Service (required)")
	f.StringVar(&o.ClusterIP, "cluster-ip", "", "address of the Service in the cluster; None for a headless one, chosen if empty")
	f.StringVar(&o.ExternalIP, "external-ip", "", "further address at which the nodes accept traffic for the Service; several with commas in between")
	f.StringVar(&o.IPFamily, "ip-family", "", "IP family of the Service: IPv4, IPv6, \"IPv4,IPv6\" or \"IPv6,IPv4\"; the cluster's default if empty")
	f.StringVar(&o.IPFamilyPolicy, "ip-family-policy", "", "SingleStack, PreferDualStack or RequireDualStack")
	f.Int32Var(&o.Port, "port", 0, "port of the Service; the ports of the guest's interfaces if unset")
	f.StringVar(&o.PortName, "port-name", "", "name of the port")
	f.StringVar(&o.Protocol, "protocol", "TCP", "TCP or UDP")
	f.StringVar(&o.TargetPort, "target-port", "", "port of the guest, by number or by the name an interface gives it; that of the Service if empty")
	f.StringVar(&o.Type, "type", "ClusterIP", "ClusterIP, NodePort or LoadBalancer")
	o.Output.Add(cmd, "", output.JSON, output.YAML, output.Name)
	// These fail only for flags that are not there.
	_ = cmd.MarkFlagRequired("name")
	for flag, values := range map[string][]string{"protocol": protocols, "type": serviceTypes, "ip-family-policy": familyPolicies, "ip-family": families} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}
