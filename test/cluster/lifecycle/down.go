package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/cluster/bridge"
	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/volumes"
)

// Down ends the cluster and removes all there is of it but the caches. It
// relies on nothing the cluster recorded about itself, so that it works after
// any crash.
func Down(_ context.Context, c *settings.Cluster, out io.Writer) error {
	unlock, err := lock(c)
	if err != nil {
		return err
	}
	defer unlock()
	// Processes first: with the last one of a node go its namespaces, and with
	// them its mounts.
	problems := []error{cgroup.Kill(filepath.Join(cgroup.Root, c.Name), 30*time.Second)}
	problems = append(problems, cgroup.WaitGone(filepath.Join(cgroup.Root, c.Name), 20*time.Second))
	cgroup.RemoveRoot()
	problems = append(problems, bridge.Down(c), unmountBelow(c.State), volumes.DetachAll(c.Volumes()), release(c))
	for _, n := range c.Nodes() {
		problems = append(problems, volumes.DetachAll(filepath.Join(n.Dir, "root", settings.DevicesOnNode)))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	if err := os.RemoveAll(c.State); err != nil {
		return fmt.Errorf("removing the state: %w", err)
	}
	fmt.Fprintf(out, "cluster %s is gone\n", c.Name)
	return nil
}

// unmountBelow removes mounts that were made below dir in this namespace, as
// a debugging session may have done. The state is deleted afterwards, and
// nothing that is merely mounted there may be deleted with it.
func unmountBelow(dir string) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("listing mounts: %w", err)
	}
	lines := strings.Split(string(data), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		fields := strings.Fields(lines[i])
		if len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			if err := unix.Unmount(fields[4], unix.MNT_DETACH); err != nil {
				return fmt.Errorf("unmounting %s: %w", fields[4], err)
			}
		}
	}
	return nil
}
