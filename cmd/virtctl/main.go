// Command virtctl does for virtual machines what kubectl has no verb for.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kubevirt.io/kubevirt/internal/virtctl"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second ctrl+c ends what does not follow the first.
	context.AfterFunc(ctx, stop)
	os.Exit(virtctl.Execute(ctx, os.Args))
}
