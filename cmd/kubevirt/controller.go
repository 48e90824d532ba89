package main

import (
	"fmt"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubevirt.io/kubevirt/internal/controller"
	"kubevirt.io/kubevirt/internal/logging"
)

func newControllerCommand() *cobra.Command {
	var o controller.Options
	var verbosity int
	var caFile string
	cmd := &cobra.Command{
		Use:   "controller",
		Short: "Run the reconcilers of virtual machines, their instances and the nodes.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = logging.New("virt-controller", verbosity)
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("reading the cluster's address: %w", err)
			}
			return controller.Run(cmd.Context(), config, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Namespace, "namespace", "kubevirt", "namespace that the components run in")
	flags.StringVar(&o.LauncherImage, "launcher-image", "", "image of virt-launcher")
	flags.StringVar(&o.Address, "metrics-address", ":8443", "address to serve HTTPS on")
	flags.StringVar(&o.CertDir, "cert-dir", "/etc/kubevirt/certs", "directory with tls.crt and tls.key of the server")
	flags.StringVar(&caFile, "ca-file", "", "not used: this component calls no other")
	flags.IntVarP(&verbosity, "v", "v", 2, "log verbosity")
	_ = cmd.MarkFlagRequired("launcher-image") // fails only for a flag that does not exist
	return cmd
}
