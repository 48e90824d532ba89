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

const (
	// startup is how long an actor has for what it does only once.
	startup = 30 * time.Second
	// tidying is how often it gives back the memory that it does not need.
	tidying = 10 * time.Minute
)

func main() {
	root := &cobra.Command{
		Use:          "kubevirt",
		Short:        "Virtual machines on Kubernetes: the control plane.",
		Version:      version.Reported(),
		SilenceUsage: true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			go func() {
				if err := footprint.Release(cmd.Context(), startup, tidying); err != nil {
					ctrl.Log.Info("Memory that is not needed is kept", "cause", err.Error())
				}
			}()
		},
	}
	root.AddCommand(actors()...)
	if err := root.ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		os.Exit(1)
	}
}
