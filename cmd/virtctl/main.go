// Command virtctl does for virtual machines what kubectl has no verb for.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kubevirt.io/kubevirt/internal/virtctl"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := virtctl.NewCommand(os.Args[0]).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
