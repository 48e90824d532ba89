package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/kvm"
	"kubevirt.io/kubevirt/launcher/run"
)

// runProbe is the mode of virt-handler's init container.
func runProbe(arguments []string) (int, error) {
	flags := flag.NewFlagSet("virt-launcher probe", flag.ExitOnError)
	out := flags.String("out", "", "directory to write the node's facts to")
	_ = flags.Parse(arguments) // ExitOnError
	if *out == "" {
		return 2, errors.New("--out is required")
	}
	if err := run.Probe(run.ProbeOptions{OutDir: *out, Log: jsonlog.New(os.Stderr, "virt-launcher-probe")}); err != nil {
		return 1, err
	}
	return 0, nil
}

// runKVMCheck is what the probe starts to try KVM; it may never return.
func runKVMCheck() (int, error) {
	if err := kvm.Try(); err != nil {
		fmt.Println(err)
		return 1, nil
	}
	return 0, nil
}
