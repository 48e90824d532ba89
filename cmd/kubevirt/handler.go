package main

import (
	"fmt"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubevirt.io/kubevirt/handler/agent"
	"kubevirt.io/kubevirt/internal/logging"
)

func newHandlerCommand() *cobra.Command {
	var o agent.Options
	var verbosity int
	cmd := &cobra.Command{
		Use:   "handler",
		Short: "Look after the guests of one node.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = logging.New("virt-handler", verbosity)
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("reading the cluster's address: %w", err)
			}
			return agent.Run(cmd.Context(), config, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Namespace, "namespace", "kubevirt", "namespace that the components run in")
	flags.StringVar(&o.NodeName, "node-name", "", "name of the node that this process runs on")
	flags.StringVar(&o.PodIP, "pod-ip", "", "first address of this pod, whose IP family the node's pods name first")
	flags.StringVar(&o.MetricsAddress, "metrics-address", ":8443", "address to serve metrics and health on, by HTTPS")
	flags.StringVar(&o.CertDir, "cert-dir", "/etc/kubevirt/handler-server", "directory with tls.crt and tls.key for metrics and health")
	flags.IntVar(&o.ServerPort, "server-port", 8186, "port to serve virt-api on")
	flags.StringVar(&o.ServerCertDir, "server-cert-dir", "/etc/kubevirt/handler-server", "directory with tls.crt and tls.key for virt-api")
	flags.StringVar(&o.CAFile, "ca-file", "/etc/kubevirt/ca/ca-bundle", "file with the certificates that vouch for virt-api")
	flags.StringVar(&o.APIClientName, "api-client-name", "kubevirt.io:system:client:virt-handler", "common name of the only client admitted")
	flags.StringVar(&o.NodeFacts, "node-facts", "/var/run/kubevirt-node/facts", "directory with what the launcher image found out about the node")
	flags.StringVar(&o.KubeletDir, "kubelet-dir", "/var/lib/kubelet", "directory of the kubelet, the same as on the node")
	flags.StringVar(&o.NodeRoot, "node-root", "", "directory below which the node's /dev is, when it is not this container's")
	flags.IntVarP(&verbosity, "v", "v", 2, "log verbosity")
	_ = cmd.MarkFlagRequired("node-name") // fails only for a flag that does not exist
	return cmd
}
