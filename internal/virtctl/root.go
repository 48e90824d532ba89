// Package virtctl is the command line for what kubectl has no verb for.
package virtctl

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/adm"
	"kubevirt.io/kubevirt/internal/virtctl/complete"
	"kubevirt.io/kubevirt/internal/virtctl/console"
	"kubevirt.io/kubevirt/internal/virtctl/create"
	"kubevirt.io/kubevirt/internal/virtctl/explain"
	"kubevirt.io/kubevirt/internal/virtctl/expose"
	"kubevirt.io/kubevirt/internal/virtctl/guest"
	"kubevirt.io/kubevirt/internal/virtctl/objectgraph"
	"kubevirt.io/kubevirt/internal/virtctl/pause"
	"kubevirt.io/kubevirt/internal/virtctl/portforward"
	"kubevirt.io/kubevirt/internal/virtctl/reboot"
	"kubevirt.io/kubevirt/internal/virtctl/restart"
	"kubevirt.io/kubevirt/internal/virtctl/ssh"
	"kubevirt.io/kubevirt/internal/virtctl/start"
	"kubevirt.io/kubevirt/internal/virtctl/stop"
	"kubevirt.io/kubevirt/internal/virtctl/unavailable"
	"kubevirt.io/kubevirt/internal/virtctl/usbredir"
	"kubevirt.io/kubevirt/internal/virtctl/version"
	"kubevirt.io/kubevirt/internal/virtctl/vnc"
)

// NewCommand returns the root command. The name it was called by decides how it
// calls itself: as a kubectl plugin it is `kubectl virt`.
func NewCommand(calledAs string) *cobra.Command {
	return newRoot(calledAs, connectionFlags())
}

// connectionFlags say which cluster to reach, and as whom.
func connectionFlags() *genericclioptions.ConfigFlags {
	return genericclioptions.NewConfigFlags(true).WithDeprecatedPasswordFlag()
}

func newRoot(calledAs string, flags *genericclioptions.ConfigFlags) *cobra.Command {
	use, display := programName(calledAs)
	root := &cobra.Command{
		Use:           use,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: display},
		Short:         "virtctl controls virtual machines on Kubernetes.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Run:           func(cmd *cobra.Command, _ []string) { _ = cmd.Usage() },
	}
	flags.AddFlags(root.PersistentFlags())
	addProxyURL(root.PersistentFlags(), flags)
	addVerbosity(root)
	root.AddCommand(
		adm.NewCommand(flags),
		console.NewCommand(flags),
		create.NewCommand(flags),
		explain.NewCommand(flags),
		expose.NewCommand(flags),
		guest.NewCommand(flags),
		objectgraph.NewCommand(flags),
		pause.NewCommand(flags),
		pause.NewUnpauseCommand(flags),
		adm.NewDevicesCommand(flags),
		portforward.NewCommand(flags),
		reboot.NewCommand(flags),
		reboot.NewResetCommand(flags),
		restart.NewCommand(flags),
		ssh.NewCopyCommand(flags),
		ssh.NewCommand(flags),
		start.NewCommand(flags),
		stop.NewCommand(flags),
		usbredir.NewCommand(flags),
		version.NewCommand(flags),
		vnc.NewCommand(flags),
	)
	root.AddCommand(guest.NewInfoCommands(flags)...)
	unavailable.AddTo(root)
	setUsage(root)
	complete.Register(root, flags)
	return root
}

// programName is how the program is called, in one word, and how it calls itself.
func programName(calledAs string) (use, display string) {
	base := strings.TrimSuffix(filepath.Base(calledAs), ".exe")
	if strings.HasSuffix(base, "-virt") {
		return base, pluginName
	}
	return "virtctl", "virtctl"
}
