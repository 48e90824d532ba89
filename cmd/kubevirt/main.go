// Command kubevirt is the control plane: each of its actors is a subcommand.
package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubevirt.io/kubevirt/internal/footprint"
	"kubevirt.io/kubevirt/internal/version"
)

// startup is how long an actor has for what it does only once.
const startup = 30 * time.Second

func main() {
	root := &cobra.Command{
		Use:          "kubevirt",
		Short:        "Virtual machines on Kubernetes: the control plane.",
		Version:      version.Reported(),
		SilenceUsage: true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			go func() {
				if err := footprint.ReleaseAfter(cmd.Context(), startup); err != nil {
					ctrl.Log.Info("Memory of the start is kept", "cause", err.Error())
				}
			}()
		},
	}
	root.AddCommand(newOperatorCommand(), newAPICommand(), newControllerCommand(), newHandlerCommand())
	if err := root.ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		os.Exit(1)
	}
}
