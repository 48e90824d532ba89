// Command hooksidecar is a hook sidecar for tests of whole clusters.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/test/hooksidecar"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	sidecar := hooksidecar.Sidecar{
		Name: "test", Versions: []string{"v1alpha2", "v1alpha3"}, HookPoints: []string{hook.OnDefineDomain, "Shutdown"},
		Plugin: os.Getenv("NETWORK_BINDING_PLUGIN_NAME"),
	}
	if err := sidecar.Serve(ctx, "/var/run/kubevirt-hooks"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}
