package main

import (
	"flag"
	"fmt"

	"kubevirt.io/kubevirt/launcher/filesystem"
)

// share is what the launcher starts to serve a directory to the guest; it returns
// only if that fails. The launcher makes log entries of what it prints.
func share(arguments []string) int {
	flags := flag.NewFlagSet("virt-launcher "+filesystem.Command, flag.ExitOnError)
	readOnly := flags.Bool("read-only", false, "let the guest change nothing in the directory")
	_ = flags.Parse(arguments) // ExitOnError
	fmt.Println(filesystem.Become(*readOnly))
	return 1
}
