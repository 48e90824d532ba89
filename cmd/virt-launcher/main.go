// Command virt-launcher runs one virtual machine in its pod.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"kubevirt.io/kubevirt/launcher/filesystem"
	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/passt"
	"kubevirt.io/kubevirt/launcher/run"
)

func main() {
	command, arguments := "run", os.Args[1:]
	if name := filepath.Base(os.Args[0]); name == passt.Name {
		command = name
	} else if len(arguments) > 0 && arguments[0] != "" && arguments[0][0] != '-' {
		command, arguments = arguments[0], arguments[1:]
	}
	var code int
	var err error
	switch command {
	case "run":
		code, err = runLauncher(arguments)
	case "probe":
		code, err = runProbe(arguments)
	case filesystem.Command:
		code = share(arguments)
	case passt.Name:
		code, err = 1, passt.Become(arguments)
	case run.KVMCheckCommand:
		code, err = runKVMCheck()
	default:
		code, err = 2, fmt.Errorf("unknown command %q (run or probe)", command)
	}
	if err != nil {
		jsonlog.New(os.Stderr, "virt-launcher").Error("giving up", "err", err.Error())
	}
	os.Exit(code)
}
