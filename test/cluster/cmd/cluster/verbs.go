package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"kubevirt.io/kubevirt/test/cluster/bridge"
	"kubevirt.io/kubevirt/test/cluster/lifecycle"
	"kubevirt.io/kubevirt/test/cluster/node"
	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/upstream"
)

const usage = `usage: hack/cli.sh COMMAND

  up                          make the cluster run; returns when it is ready
  down                        end it and remove all there is of it
  status                      show what runs
  env                         print settings to be read by a shell
  assets                      print the directory with kube-apiserver, etcd and kubectl for envtest
  ssh NODE -- COMMAND...      run a command on a node
  audit [--since T] [--until T] [--user PREFIX] [--writes] [--no-leases] [--json]
                              count API requests by user, verb and resource
  load-image [--name NAME:TAG]... [--no-pull] ARCHIVE...
                              make images (OCI or docker archives, OCI layout
                              directories) available; running nodes fetch them
                              at once unless told not to
  images                      list the images that can be pulled
  olm                         add the Operator Lifecycle Manager to the running cluster
                              (minutes the first time)
  stop-node NODE, start-node NODE
                              power off, power on
  cut-node NODE, heal-node NODE
                              pull and plug the network cable

settings: KUBEVIRT_CLUSTER (name, default kv), NUM_NODES (default 2),
KUBE_PROVIDER (local; external uses the cluster of $KUBECONFIG)
`

type verb = func(ctx context.Context, c *settings.Cluster, args []string) error

var verbs = map[string]verb{
	"up":    up,
	"down":  down,
	"audit": countRequests,
	"status": func(ctx context.Context, c *settings.Cluster, _ []string) error {
		return lifecycle.Status(ctx, c, os.Stdout)
	},
	"env":        env,
	"assets":     assets,
	"ssh":        ssh,
	"load-image": loadImage,
	"images":     listImages,
	"olm":        olm,
	"stop-node":  onNode(func(c *settings.Cluster, n settings.Node) error { return node.Stop(c, n) }),
	"start-node": onNode(lifecycle.StartNode),
	"cut-node":   onNode(func(_ *settings.Cluster, n settings.Node) error { return bridge.Cut(n) }),
	"heal-node":  onNode(func(_ *settings.Cluster, n settings.Node) error { return bridge.Heal(n) }),
}

var errExternal = errors.New("this works only on the cluster made here (KUBE_PROVIDER=local)")

func up(ctx context.Context, c *settings.Cluster, _ []string) error {
	if c.Provider == "external" {
		fmt.Printf("using the existing cluster of %s\n", c.Kubeconfig())
		return nil
	}
	if err := lifecycle.Up(ctx, c, os.Stdout); err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig())
	return nil
}

func down(ctx context.Context, c *settings.Cluster, _ []string) error {
	if c.Provider == "external" {
		fmt.Println("an existing cluster stays up")
		return nil
	}
	return lifecycle.Down(ctx, c, os.Stdout)
}

func olm(ctx context.Context, c *settings.Cluster, _ []string) error {
	if c.Provider == "external" {
		fmt.Println("an existing cluster has what it has")
		return nil
	}
	return lifecycle.OLM(ctx, c, os.Stdout)
}

func env(_ context.Context, c *settings.Cluster, _ []string) error {
	fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig())
	if c.Provider == "external" {
		return nil
	}
	fmt.Printf("export KUBEBUILDER_ASSETS=%s\nexport CLUSTER_STATE=%s\nexport CLUSTER_AUDIT_LOG=%s\nexport CLUSTER_REGISTRY=%s\n",
		c.Bin(), c.State, c.AuditLog(), c.RegistryAddress())
	return nil
}

// assets works without a running cluster: envtest needs only the programs.
func assets(ctx context.Context, c *settings.Cluster, _ []string) error {
	if err := upstream.Packages(ctx, os.Stderr); err != nil {
		return err
	}
	bin, err := upstream.Ensure(ctx, c, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(bin)
	return nil
}

func onNode(do func(*settings.Cluster, settings.Node) error) verb {
	return func(_ context.Context, c *settings.Cluster, args []string) error {
		if c.Provider == "external" {
			return errExternal
		}
		return withNode(c, args, func(n settings.Node) error { return do(c, n) })
	}
}

// ssh runs a command in the node's namespaces with this process's streams.
func ssh(ctx context.Context, c *settings.Cluster, args []string) error {
	if c.Provider == "external" {
		return errExternal
	}
	if len(args) == 0 {
		return errors.New("want the name of a node")
	}
	n, err := c.Node(args[0])
	if err != nil {
		return err
	}
	command := args[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		command = []string{"/bin/bash"}
	}
	// A process of its own, because it joins the node's cgroups.
	cmd := exec.CommandContext(ctx, "/proc/self/exe", append([]string{"node-exec", n.Name}, command...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitStatus(exit.ExitCode())
	}
	return err
}
