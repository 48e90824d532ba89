package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubevirt.io/kubevirt/internal/apiserver"
	"kubevirt.io/kubevirt/internal/logging"
)

func newAPICommand() *cobra.Command {
	var o apiserver.Options
	var verbosity int
	cmd := &cobra.Command{
		Use:   "api",
		Short: "Serve the aggregated API and the admission webhooks.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = logging.New("virt-api", verbosity)
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("reading the cluster's address: %w", err)
			}
			return apiserver.Run(cmd.Context(), config, o)
		},
	}
	flags := cmd.Flags()
	apiFlags(flags, &o)
	flags.IntVarP(&verbosity, "v", "v", 2, "log verbosity")
	return cmd
}

// apiFlags are those of virt-api, alone or not.
func apiFlags(flags *pflag.FlagSet, o *apiserver.Options) {
	flags.StringVar(&o.Namespace, "namespace", "kubevirt", "namespace that the components run in")
	flags.StringVar(&o.Address, "metrics-address", ":8443", "address to serve HTTPS on")
	flags.StringVar(&o.CertDir, "cert-dir", "/etc/kubevirt/certs", "directory with tls.crt and tls.key of the server")
	flags.StringVar(&o.CAFile, "ca-file", "/etc/kubevirt/ca/ca-bundle", "file with the certificates that vouch for the components")
	flags.StringVar(&o.HandlerCertDir, "handler-client-cert-dir", "/etc/kubevirt/handler-client", "directory with tls.crt and tls.key of the identity towards virt-handlers")
	flags.IntVar(&o.HandlerPort, "handler-port", 8186, "port that virt-handlers serve on")
}
