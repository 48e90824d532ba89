// Command cluster runs the ephemeral Kubernetes for development and tests.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kubevirt.io/kubevirt/test/cluster/fakedevice"
	"kubevirt.io/kubevirt/test/cluster/initiator"
	"kubevirt.io/kubevirt/test/cluster/lifecycle"
	"kubevirt.io/kubevirt/test/cluster/node"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	c, err := settings.FromEnvironment(os.Getenv("KUBEVIRT_CLUSTER_SOURCE"))
	if err == nil {
		err = run(ctx, c, os.Args[1], os.Args[2:])
	}
	if err == nil {
		return
	}
	var status exitStatus
	if errors.As(err, &status) {
		os.Exit(int(status))
	}
	fmt.Fprintln(os.Stderr, "cluster:", err)
	os.Exit(1)
}

// exitStatus is the exit status of a command that was run for the user.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func run(ctx context.Context, c *settings.Cluster, verb string, args []string) error {
	if internal, ok := internals[verb]; ok {
		return internal(c, args)
	}
	v, ok := verbs[verb]
	if !ok {
		return fmt.Errorf("unknown command %q\n%s", verb, usage)
	}
	return v(ctx, c, args)
}

// internals are the steps that the cluster's own processes go through.
var internals = map[string]func(c *settings.Cluster, args []string) error{
	"control": func(c *settings.Cluster, _ []string) error { return lifecycle.Control(c) },
	"node-enter": func(c *settings.Cluster, args []string) error {
		return withNode(c, args, func(n settings.Node) error { return node.Enter(c, n) })
	},
	"node-init": func(c *settings.Cluster, args []string) error {
		return withNode(c, args, func(n settings.Node) error { return node.Init(c, n) })
	},
	"node-main": func(c *settings.Cluster, args []string) error {
		return withNode(c, args, func(n settings.Node) error { return node.Main(c, n) })
	},
	"device-plugin": func(*settings.Cluster, []string) error {
		ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer cancel()
		return fakedevice.Run(ctx)
	},
	"initiator": func(c *settings.Cluster, args []string) error {
		ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer cancel()
		return withNode(c, args, func(n settings.Node) error { return initiator.Run(ctx, c, n) })
	},
	"node-exec": func(c *settings.Cluster, args []string) error {
		if len(args) < 2 {
			return errors.New("want a node and a command")
		}
		return withNode(c, args[:1], func(n settings.Node) error { return node.Exec(c, n, args[1:]) })
	},
}

func withNode(c *settings.Cluster, args []string, do func(settings.Node) error) error {
	if len(args) != 1 {
		return errors.New("want the name of one node")
	}
	n, err := c.Node(args[0])
	if err != nil {
		return err
	}
	return do(n)
}
