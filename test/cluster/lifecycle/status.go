package lifecycle

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubevirt.io/kubevirt/test/cluster/bridge"
	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/node"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Status shows what runs, seen from the machine and from the API server.
func Status(ctx context.Context, c *settings.Cluster, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if c.Provider == "local" {
		if _, err := os.Stat(c.Kubeconfig()); err != nil {
			fmt.Fprintf(out, "cluster %s is down\n", c.Name)
			return nil
		}
		if err := showProcesses(c, out); err != nil {
			return err
		}
	}
	api, err := connect(c)
	if err != nil {
		return err
	}
	nodes, err := api.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("asking the API server: %w", err)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nNODE\tSTATE\tMACHINE")
	for _, object := range nodes.Items {
		state := "NotReady"
		for _, cond := range object.Status.Conditions {
			if cond.Type == "Ready" && cond.Status == "True" {
				state = "Ready"
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", object.Name, state, machine(c, object.Name))
	}
	return w.Flush()
}

// machine says how the node's machine is doing.
func machine(c *settings.Cluster, name string) string {
	n, err := c.Node(name)
	switch {
	case c.Provider != "local" || err != nil:
		return "unknown"
	case node.Pid(c, n) == 0:
		return "off"
	case bridge.IsCut(n):
		return "on, cut off"
	}
	return "on"
}

// showProcesses lists the cluster's own programs with their memory.
func showProcesses(c *settings.Cluster, out io.Writer) error {
	fmt.Fprintf(out, "cluster %s  KUBECONFIG=%s\n\n", c.Name, c.Kubeconfig())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHERE\tPID\tRSS MiB\tPROGRAM")
	places := map[string]string{"control": controlCgroup(c)}
	order := []string{"control"}
	for _, n := range c.Nodes() {
		places[n.Name] = node.CgroupPath(c, n)
		order = append(order, n.Name)
	}
	for _, place := range order {
		pids, err := cgroup.Members(places[place])
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if name, rss := process(pid); name != "" && !strings.HasPrefix(name, "containerd-shim") {
				fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", place, pid, rss>>10, name)
			}
		}
	}
	return w.Flush()
}

// process returns a process's name and resident memory in KiB.
func process(pid int) (string, int) {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(cmdline) == 0 {
		return "", 0
	}
	args := strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")
	name := filepath.Base(args[0])
	if strings.HasPrefix(name, "cluster") && len(args) > 1 {
		name = "cluster " + args[1]
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "", 0
	}
	rss := 0
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, _ = fmt.Sscan(value, &rss)
		}
	}
	return name, rss
}
