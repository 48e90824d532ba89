// Package lifecycle brings a test cluster up and takes it down.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/cluster/addons"
	"kubevirt.io/kubevirt/test/cluster/bridge"
	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/controlplane"
	"kubevirt.io/kubevirt/test/cluster/imagestore"
	"kubevirt.io/kubevirt/test/cluster/node"
	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/upstream"
	"kubevirt.io/kubevirt/test/cluster/volumes"
)

// Up makes the cluster run, whatever state it is in, and returns when all
// nodes and the DNS are ready.
func Up(ctx context.Context, c *settings.Cluster, out io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("the cluster makes namespaces, mounts and links: run it as root")
	}
	unlock, err := lock(c)
	if err != nil {
		return err
	}
	defer unlock()
	started := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%5.1fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
	}
	if err := prepare(ctx, c, out); err != nil {
		return err
	}
	say("programs and images are there")
	if err := reserve(c); err != nil {
		return err
	}
	if err := bridge.Up(c); err != nil {
		return err
	}
	if err := volumes.Share(c.Volumes()); err != nil {
		return err
	}
	if err := startControl(c); err != nil {
		return err
	}
	for _, n := range c.Nodes() {
		if err := StartNode(c, n); err != nil {
			return err
		}
	}
	say("control plane and %d nodes are starting", c.NumNodes)
	api, err := connect(c)
	if err != nil {
		return err
	}
	if err := api.waitReady(ctx); err != nil {
		return err
	}
	say("API server is ready")
	if err := kubectl(ctx, c, addons.Manifests(c), "apply", "--server-side", "--force-conflicts", "-f", "-"); err != nil {
		return err
	}
	if err := api.waitNodes(ctx, c, say); err != nil {
		return err
	}
	if err := api.waitDNS(ctx); err != nil {
		return err
	}
	say("DNS is ready")
	return nil
}

// prepare makes everything that is kept on disk.
func prepare(ctx context.Context, c *settings.Cluster, out io.Writer) error {
	if err := upstream.Packages(ctx, out); err != nil {
		return err
	}
	bin, err := upstream.Ensure(ctx, c, out)
	if err != nil {
		return err
	}
	store, err := imagestore.Open(c.Images)
	if err != nil {
		return err
	}
	if err := upstream.Images(ctx, c, bin, store); err != nil {
		return err
	}
	if err := os.MkdirAll(c.State, 0o755); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	if err := os.WriteFile(c.NumNodesFile(), []byte(strconv.Itoa(c.NumNodes)), 0o644); err != nil {
		return fmt.Errorf("recording the number of nodes: %w", err)
	}
	if to, err := os.Readlink(c.Bin()); err != nil || to != bin {
		_ = os.Remove(c.Bin())
		if err := os.Symlink(bin, c.Bin()); err != nil {
			return fmt.Errorf("linking the programs: %w", err)
		}
	}
	return controlplane.Prepare(c)
}

// lock keeps two commands from changing the cluster at once.
func lock(c *settings.Cluster) (unlock func(), err error) {
	dir := filepath.Dir(c.State)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the state directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, c.Name+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking the cluster: %w", err)
	}
	return func() { f.Close() }, nil
}

func controlCgroup(c *settings.Cluster) string {
	return filepath.Join(cgroup.Root, c.Name, "control")
}

func controlPidFile(c *settings.Cluster) string { return filepath.Join(c.State, "control.pid") }

// startControl starts the control plane in the background unless it runs.
func startControl(c *settings.Cluster) error {
	running, err := cgroup.Members(controlCgroup(c))
	if err != nil {
		return err
	}
	if data, err := os.ReadFile(controlPidFile(c)); err == nil {
		if pid, err := strconv.Atoi(string(data)); err == nil && slices.Contains(running, pid) {
			return nil
		}
	}
	// Programs that nobody watches any more.
	if err := cgroup.Kill(controlCgroup(c), 20*time.Second); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(c.Logs(), "control.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command("/proc/self/exe", "control")
	cmd.Args[0] = "cluster"
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	if err := os.WriteFile(controlPidFile(c), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		return fmt.Errorf("recording the control plane: %w", err)
	}
	return cmd.Process.Release()
}

// StartNode boots a node unless it runs.
func StartNode(c *settings.Cluster, n settings.Node) error {
	if node.Pid(c, n) != 0 {
		return nil
	}
	// What a crash left.
	if err := node.Stop(c, n); err != nil {
		return err
	}
	return node.Boot(c, n, func(pid int) error { return bridge.Plug(c, n, pid) })
}

func kubectl(ctx context.Context, c *settings.Cluster, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.Bin(), "kubectl"), append([]string{"--kubeconfig=" + c.Kubeconfig()}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
