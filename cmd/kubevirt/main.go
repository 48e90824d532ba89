// Command kubevirt is the control plane: each of its actors is a subcommand.
package main

import (
	"os"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubevirt.io/kubevirt/internal/version"
)

func main() {
	root := &cobra.Command{
		Use:          "kubevirt",
		Short:        "Virtual machines on Kubernetes: the control plane.",
		Version:      version.Reported(),
		SilenceUsage: true,
	}
	root.AddCommand(newOperatorCommand(), newAPICommand(), newControllerCommand(), newHandlerCommand())
	if err := root.ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		os.Exit(1)
	}
}
