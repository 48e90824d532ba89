package main

import (
	"fmt"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubevirt.io/kubevirt/internal/controlplane"
	"kubevirt.io/kubevirt/internal/logging"
)

func newControlPlaneCommand() *cobra.Command {
	var o controlplane.Options
	var verbosity int
	cmd := &cobra.Command{
		Use:   "control-plane",
		Short: "Be api and controller in one process, for small clusters.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Controller.Log = logging.New("virt-controller", verbosity)
			o.API.Log = logging.New("virt-api", verbosity)
			o.Controller.Namespace = o.API.Namespace
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("reading the cluster's address: %w", err)
			}
			return controlplane.Run(cmd.Context(), config, o)
		},
	}
	flags := cmd.Flags()
	apiFlags(flags, &o.API)
	flags.StringVar(&o.Controller.LauncherImage, "launcher-image", "", "image of virt-launcher")
	flags.IntVarP(&verbosity, "v", "v", 2, "log verbosity")
	_ = cmd.MarkFlagRequired("launcher-image") // fails only for a flag that does not exist
	return cmd
}
