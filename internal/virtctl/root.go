// Package virtctl is the command line for what kubectl has no verb for.
package virtctl

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/console"
	"kubevirt.io/kubevirt/internal/virtctl/pause"
	"kubevirt.io/kubevirt/internal/virtctl/reboot"
	"kubevirt.io/kubevirt/internal/virtctl/restart"
	"kubevirt.io/kubevirt/internal/virtctl/start"
	"kubevirt.io/kubevirt/internal/virtctl/stop"
	"kubevirt.io/kubevirt/internal/virtctl/version"
)

// NewCommand returns the root command. The name it was called by decides how it
// calls itself: as a kubectl plugin it is `kubectl virt`.
func NewCommand(calledAs string) *cobra.Command {
	flags := genericclioptions.NewConfigFlags(true).WithDeprecatedPasswordFlag()
	root := &cobra.Command{
		Use:           programName(calledAs),
		Short:         "virtctl controls virtual machines on Kubernetes.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Run:           func(cmd *cobra.Command, _ []string) { _ = cmd.Usage() },
	}
	flags.AddFlags(root.PersistentFlags())
	root.AddCommand(
		console.NewCommand(flags),
		pause.NewCommand(flags),
		pause.NewUnpauseCommand(flags),
		reboot.NewCommand(flags),
		reboot.NewResetCommand(flags),
		restart.NewCommand(flags),
		start.NewCommand(flags),
		stop.NewCommand(flags),
		version.NewCommand(flags),
	)
	return root
}

func programName(calledAs string) string {
	if strings.HasSuffix(filepath.Base(calledAs), "-virt") {
		return "kubectl virt"
	}
	return "virtctl"
}
