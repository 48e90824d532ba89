// Command virt-launcher runs one virtual machine in its pod.
package main

import (
	"fmt"
	"os"

	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/run"
)

func main() {
	command, arguments := "run", os.Args[1:]
	if len(arguments) > 0 && arguments[0] != "" && arguments[0][0] != '-' {
		command, arguments = arguments[0], arguments[1:]
	}
	var code int
	var err error
	switch command {
	case "run":
		code, err = runLauncher(arguments)
	case "probe":
		code, err = runProbe(arguments)
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
