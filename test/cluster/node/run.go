package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/supervise"
	"kubevirt.io/kubevirt/test/cluster/volumes"
)

// A node starts in four steps, each a run of this program: Boot (in the
// machine's namespaces) starts Enter (process 1 of the node), which becomes
// Init in the node's cgroup namespace, which starts Main.

// selfInNode is where this program is inside a node.
const selfInNode = "/opt/kubernetes/cluster"

// CgroupPath is the cgroup of a node's processes.
func CgroupPath(c *settings.Cluster, n settings.Node) string {
	return filepath.Join(cgroup.Root, c.Name, n.Name)
}

// PidFile holds the process ID of the node's process 1 as the machine sees
// it.
func PidFile(n settings.Node) string { return filepath.Join(n.Dir, "pid") }

// Boot starts a node in the background. plug is called with the node's
// process ID to connect its network before anything in it runs.
func Boot(c *settings.Cluster, n settings.Node, plug func(pid int) error) error {
	if err := os.MkdirAll(filepath.Join(n.Dir, "logs"), 0o755); err != nil {
		return fmt.Errorf("making the directory of %s: %w", n.Name, err)
	}
	log, err := os.OpenFile(filepath.Join(n.Dir, "logs", "node.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", n.Name, err)
	}
	defer log.Close()
	ready, plugged, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	defer ready.Close()
	defer plugged.Close()
	cmd := exec.Command("/proc/self/exe", "node-enter", n.Name)
	cmd.Args[0] = "cluster"
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), fmt.Sprintf("NUM_NODES=%d", c.NumNodes))
	cmd.Stdin = ready
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", n.Name, err)
	}
	if err := plug(cmd.Process.Pid); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	if err := os.WriteFile(PidFile(n), fmt.Appendln(nil, cmd.Process.Pid), 0o644); err != nil {
		return errors.Join(fmt.Errorf("recording %s: %w", n.Name, err), cmd.Process.Kill())
	}
	if _, err := plugged.WriteString("go"); err != nil {
		return fmt.Errorf("starting %s: %w", n.Name, err)
	}
	return cmd.Process.Release()
}

// Enter joins the node's cgroups and becomes Init, with those cgroups as the
// root of a cgroup namespace.
func Enter(c *settings.Cluster, n settings.Node) error {
	if err := waitPlugged(); err != nil {
		return err
	}
	if err := cgroup.Enter(CgroupPath(c, n)); err != nil {
		return err
	}
	// The namespace belongs to this thread alone until exec makes it the only
	// one.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("making a cgroup namespace: %w", err)
	}
	if err := joinLeaf(c, n); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	return unix.Exec(self, []string{self, "node-init", n.Name}, os.Environ())
}

// joinLeaf moves on to where a process may be while the kubelet distributes
// the node's resources. On cgroup v1 that is anywhere.
func joinLeaf(c *settings.Cluster, n settings.Node) error {
	unified, err := cgroup.Unified()
	if err != nil || !unified {
		return err
	}
	return cgroup.Enter(filepath.Join(CgroupPath(c, n), cgroup.Leaf))
}

func waitPlugged() error {
	if _, err := os.Stdin.Read(make([]byte, 2)); err != nil {
		return fmt.Errorf("waiting for the network cable: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("opening %s: %w", os.DevNull, err)
	}
	defer null.Close()
	if err := unix.Dup2(int(null.Fd()), 0); err != nil {
		return fmt.Errorf("closing standard input: %w", err)
	}
	return nil
}

// Init builds the node around itself, starts Main and, being process 1, waits
// for orphans until Main ends.
func Init(c *settings.Cluster, n settings.Node) error {
	if err := unix.Sethostname([]byte(n.Name)); err != nil {
		return fmt.Errorf("naming the node: %w", err)
	}
	if err := buildRoot(c, n); err != nil {
		return err
	}
	if err := configureNetwork(c, n); err != nil {
		return err
	}
	child, err := os.StartProcess(selfInNode, []string{selfInNode, "node-main", n.Name},
		&os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Env: environment(os.Environ())})
	if err != nil {
		return fmt.Errorf("starting the node's programs: %w", err)
	}
	forward := make(chan os.Signal, 1)
	signal.Notify(forward, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for s := range forward {
			_ = child.Signal(s)
		}
	}()
	for {
		pid, err := syscall.Wait4(-1, nil, 0, nil)
		if err == nil && pid == child.Pid || errors.Is(err, syscall.ECHILD) {
			return nil
		}
	}
}

// environment is what the node's programs get to see: nothing of proxies,
// home directories or credentials of whoever started the cluster.
func environment(all []string) []string {
	env := []string{"PATH=" + binDir + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	for _, e := range all {
		if strings.HasPrefix(e, "KUBEVIRT_CLUSTER=") || strings.HasPrefix(e, "NUM_NODES=") {
			env = append(env, e)
		}
	}
	return env
}

// Main runs the node's programs until it is told to end.
func Main(c *settings.Cluster, n settings.Node) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	group, err := supervise.Start(ctx, "/var/log/cluster", programs(c, n))
	if err != nil {
		return err
	}
	<-ctx.Done()
	group.Stop()
	return nil
}

func programs(c *settings.Cluster, n settings.Node) []supervise.Program {
	services4, services6 := c.ServiceCIDRs()
	return []supervise.Program{
		{
			Name:  "containerd",
			Args:  []string{binDir + "/containerd", "--config=/etc/containerd/config.toml", "--log-level=info"},
			Ready: socketThere("/run/containerd/containerd.sock"),
		},
		{
			Name: "kubelet",
			Args: []string{binDir + "/kubelet",
				"--config=" + confDir + "/kubelet.json",
				"--kubeconfig=" + confDir + "/kubelet.kubeconfig",
				"--hostname-override=" + n.Name,
				"--node-ip=" + n.IPv4 + "," + n.IPv6,
			},
		},
		{
			Name: "kube-proxy",
			Args: []string{binDir + "/kube-proxy", "--config=" + confDir + "/kube-proxy.yaml"},
		},
		{
			Name: "device-plugin",
			Args: []string{selfInNode, "device-plugin"},
		},
		{
			Name: "networkpolicy",
			Args: []string{binDir + "/networkpolicy", "--kubeconfig=" + confDir + "/networkpolicy.kubeconfig",
				"--service-cidrs=" + services4 + "," + services6},
		},
		{
			Name: "initiator",
			Args: []string{selfInNode, "initiator", n.Name},
		},
	}
}

func socketThere(path string) func() error {
	return func() error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Mode()&os.ModeSocket == 0 {
			return fmt.Errorf("%s is not a socket", path)
		}
		return nil
	}
}

// Pid returns the process ID of the running node's process 1, or 0.
func Pid(c *settings.Cluster, n settings.Node) int {
	data, err := os.ReadFile(PidFile(n))
	if err != nil {
		return 0
	}
	var pid int
	if _, err := fmt.Sscan(string(data), &pid); err != nil || pid <= 0 {
		return 0
	}
	// The number may belong to somebody else by now.
	cg, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil || !strings.Contains(string(cg), ":/"+CgroupPath(c, n)) {
		return 0
	}
	return pid
}

// Stop pulls the node's plug: every process in it ends at once, as with a
// power cut. Its disk stays.
func Stop(c *settings.Cluster, n settings.Node) error {
	if pid := Pid(c, n); pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err := cgroup.Kill(CgroupPath(c, n), 20*time.Second); err != nil {
		return fmt.Errorf("stopping %s: %w", n.Name, err)
	}
	// They are the machine's and know of no node.
	if err := volumes.DetachAll(filepath.Join(n.Dir, "root", settings.DevicesOnNode)); err != nil {
		return fmt.Errorf("stopping %s: %w", n.Name, err)
	}
	if err := os.Remove(PidFile(n)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting %s: %w", n.Name, err)
	}
	return nil
}
