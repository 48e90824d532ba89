package node

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Exec becomes the command inside the running node: in its namespaces and in
// its cgroups, so that stopping the node ends it too.
func Exec(c *settings.Cluster, n settings.Node, command []string) error {
	pid := Pid(c, n)
	if pid == 0 {
		return fmt.Errorf("%s does not run", n.Name)
	}
	unified, err := cgroup.Unified()
	if err != nil {
		return err
	}
	path := CgroupPath(c, n)
	if unified {
		path = filepath.Join(path, cgroup.Leaf)
	}
	if err := cgroup.Enter(path); err != nil {
		return err
	}
	args := append([]string{"nsenter", "--target", fmt.Sprint(pid), "--mount", "--net", "--pid", "--uts", "--cgroup", "--"}, command...)
	for _, path := range []string{"/usr/bin/nsenter", "/bin/nsenter"} {
		if _, err := os.Stat(path); err == nil {
			return unix.Exec(path, args, append(environment(nil), "TERM="+os.Getenv("TERM")))
		}
	}
	return fmt.Errorf("entering %s: nsenter is not installed", n.Name)
}
