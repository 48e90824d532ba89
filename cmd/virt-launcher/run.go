package main

import (
	"errors"
	"flag"
	"os"
	"time"

	"kubevirt.io/kubevirt/internal/version"
	"kubevirt.io/kubevirt/launcher/daemon"
	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/run"
)

// runLauncher is the mode of a guest's pod.
func runLauncher(arguments []string) (int, error) {
	flags := flag.NewFlagSet("virt-launcher", flag.ExitOnError)
	var options run.Options
	flags.StringVar(&options.Identity.Namespace, "vmi-namespace", "", "namespace of the VMI")
	flags.StringVar(&options.Identity.Name, "vmi-name", "", "name of the VMI")
	flags.StringVar(&options.Identity.UID, "vmi-uid", "", "UID of the VMI")
	grace := flags.Int64("grace-period-seconds", 30, "time the guest has to shut down, in seconds")
	flags.StringVar(&options.RunDir, "run-dir", "/var/run/kubevirt", "directory shared with virt-handler")
	flags.StringVar(&options.SecretsDir, "secrets-dir", "/var/run/kubevirt-secrets", "directory of the mounted Secrets with cloud-init data and access credentials")
	flags.StringVar(&options.ConfigDir, "config-dir", "/var/run/kubevirt-config", "directory of the mounted volumes with configuration")
	flags.StringVar(&options.ResolvConf, "resolv-conf", "/etc/resolv.conf", "resolver configuration to pass on to the guest")
	flags.StringVar(&options.HooksDir, "hooks-dir", "/var/run/kubevirt-hooks", "directory of the hook sidecars' sockets")
	flags.IntVar(&options.HookSidecars, "hook-sidecars", 0, "hook sidecars that have to be asked before the guest starts")
	flags.StringVar(&options.Capabilities, "qemu-capabilities", daemon.CapabilitiesTemplate, "libvirt's knowledge of the image's QEMU")
	flags.StringVar(&options.LibvirtURI, "libvirt-uri", "", "use this libvirt instead of starting one (tests)")
	_ = flags.Parse(arguments) // ExitOnError
	if options.Identity.Namespace == "" || options.Identity.Name == "" || options.Identity.UID == "" {
		return 2, errors.New("--vmi-namespace, --vmi-name and --vmi-uid are required")
	}
	if *grace < 0 {
		return 2, errors.New("--grace-period-seconds is negative")
	}
	options.Grace = time.Duration(*grace) * time.Second
	options.Identity.Version = version.Build
	options.Log = jsonlog.New(os.Stderr, "virt-launcher", "kind", "VirtualMachineInstance",
		"namespace", options.Identity.Namespace, "name", options.Identity.Name, "uid", options.Identity.UID)
	return run.Run(options)
}
