// Package node is one worker node: a process with network, mount, PID, UTS
// and cgroup namespaces of its own and a root file system in which only /usr
// and /dev are the machine's, running containerd, kubelet and kube-proxy.
package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Where a node finds what the cluster gives it.
const (
	binDir  = "/opt/kubernetes/bin"
	confDir = "/etc/kubernetes"
)

// buildRoot mounts the node's root file system and moves into it. What the
// node writes lands in its own directory, so that nothing stays behind on
// the machine.
func buildRoot(c *settings.Cluster, n settings.Node) error {
	// From here on nothing that is mounted shows outside. The other way round
	// it does: the machine mounts volumes that the nodes use.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("keeping mounts inside: %w", err)
	}
	root := filepath.Join(n.Dir, "root")
	if err := skeleton(root); err != nil {
		return err
	}
	steps := []func(string) error{
		func(r string) error { return bind(r, r, 0) },
		mountSystem,
		func(r string) error { return mountEtc(c, n, r) },
		func(r string) error { return mountCluster(c, n, r) },
		mountKernel,
		mountCgroups,
		func(r string) error { return hideHugePages(n, r) },
		pivot,
	}
	for _, step := range steps {
		if err := step(root); err != nil {
			return fmt.Errorf("building the root of %s: %w", n.Name, err)
		}
	}
	// Kubelet and containerd pass mounts between pods and the node.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("making the node's mounts shared: %w", err)
	}
	return nil
}

func skeleton(root string) error {
	for _, d := range []string{"etc", "usr", "dev", "proc", "sys", "run", "opt/cni/bin", "opt/kubernetes/bin", "root",
		"home", "mnt", "srv", "var/lib/kubelet", "var/lib/containerd", "var/log/pods", "var/lib/cni", "var/cache", "var/spool",
		settings.VolumesOnNode, settings.DevicesOnNode} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return fmt.Errorf("making the node's directories: %w", err)
		}
	}
	for _, d := range []string{"tmp", "var/tmp"} {
		p := filepath.Join(root, d)
		if err := os.MkdirAll(p, 0o777); err != nil {
			return fmt.Errorf("making the node's directories: %w", err)
		}
		if err := os.Chmod(p, 0o777|os.ModeSticky); err != nil {
			return fmt.Errorf("opening the node's temporary directory: %w", err)
		}
	}
	if err := os.Symlink("../run", filepath.Join(root, "var/run")); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("linking /var/run: %w", err)
	}
	return nil
}

// mountSystem shows the machine's programs and libraries, read-only.
func mountSystem(root string) error {
	if err := bind("/usr", filepath.Join(root, "usr"), unix.MS_RDONLY); err != nil {
		return err
	}
	for _, d := range []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"} {
		info, err := os.Lstat("/" + d)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking at /%s: %w", d, err)
		}
		target := filepath.Join(root, d)
		if info.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink("/" + d)
			if err != nil {
				return fmt.Errorf("reading the link /%s: %w", d, err)
			}
			if err := os.Symlink(to, target); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("linking /%s: %w", d, err)
			}
			continue
		}
		if err := os.MkdirAll(target, 0o755); err != nil {
			return fmt.Errorf("making /%s: %w", d, err)
		}
		if err := bind("/"+d, target, unix.MS_RDONLY); err != nil {
			return err
		}
	}
	return nil
}

// mountEtc puts the node's own files over the machine's /etc.
func mountEtc(c *settings.Cluster, n settings.Node, root string) error {
	upper, work := filepath.Join(n.Dir, "etc"), filepath.Join(n.Dir, "etc-work")
	if err := writeEtc(c, n, upper); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return fmt.Errorf("making the overlay's directory: %w", err)
	}
	return overlay("/etc", upper, work, filepath.Join(root, "etc"))
}

// mountCluster shows the cluster's programs, the node's credentials and the
// volumes that all nodes share.
func mountCluster(c *settings.Cluster, n settings.Node, root string) error {
	bin, err := filepath.EvalSymlinks(c.Bin())
	if err != nil {
		return fmt.Errorf("finding the cluster's programs: %w", err)
	}
	if err := bind(bin, filepath.Join(root, binDir), unix.MS_RDONLY); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if err := write(filepath.Join(root, selfInNode), ""); err != nil {
		return err
	}
	if err := bind(self, filepath.Join(root, selfInNode), unix.MS_RDONLY); err != nil {
		return err
	}
	// Pods such as a network plugin's installer add programs here.
	cni, work := filepath.Join(n.Dir, "cni"), filepath.Join(n.Dir, "cni-work")
	for _, d := range []string{cni, work, c.Volumes()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("making a directory for mounts: %w", err)
		}
	}
	if err := overlay(filepath.Join(bin, "cni"), cni, work, filepath.Join(root, "opt/cni/bin")); err != nil {
		return err
	}
	// With the volumes that are mounted already.
	if err := unix.Mount(c.Volumes(), filepath.Join(root, settings.VolumesOnNode), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting the volumes: %w", err)
	}
	return bind(filepath.Join(n.Dir, "kubernetes"), filepath.Join(root, confDir), 0)
}

// mountKernel mounts the file systems that the kernel makes.
func mountKernel(root string) error {
	if err := unix.Mount("/dev", filepath.Join(root, "dev"), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting /dev: %w", err)
	}
	mounts := []struct{ kind, path, options string }{
		{"proc", "proc", ""},
		{"sysfs", "sys", ""},
		{"tmpfs", "run", "mode=755"},
		{"tmpfs", "dev/shm", "mode=1777"},
	}
	for _, m := range mounts {
		if err := unix.Mount(m.kind, filepath.Join(root, m.path), m.kind, 0, m.options); err != nil {
			return fmt.Errorf("mounting /%s: %w", m.path, err)
		}
	}
	for _, d := range []string{"run/lock", "run/netns", "run/containerd"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			return fmt.Errorf("making /%s: %w", d, err)
		}
	}
	return freshBootID(root)
}

// freshBootID gives the node a boot ID of its own, new at each start, as a
// rebooted machine would have.
func freshBootID(root string) error {
	id, err := os.ReadFile("/proc/sys/kernel/random/uuid")
	if err != nil {
		return fmt.Errorf("making a boot ID: %w", err)
	}
	file := filepath.Join(root, "run/boot_id")
	if err := os.WriteFile(file, id, 0o444); err != nil {
		return fmt.Errorf("writing the boot ID: %w", err)
	}
	return bind(file, filepath.Join(root, "proc/sys/kernel/random/boot_id"), 0)
}

// mountCgroups mounts every cgroup tree anew: in the node's cgroup namespace
// such a mount begins at the node's own cgroup.
func mountCgroups(root string) error {
	trees, err := cgroup.Hierarchies()
	if err != nil {
		return err
	}
	base := filepath.Join(root, "sys/fs/cgroup")
	if len(trees) == 1 && trees[0].V2 {
		return mountAs("cgroup2", base, "")
	}
	if err := unix.Mount("tmpfs", base, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting the cgroup directory: %w", err)
	}
	for _, t := range trees {
		// The empty unified tree beside the others would make runc use both.
		if t.V2 {
			continue
		}
		dir := filepath.Join(base, filepath.Base(t.Mount))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("making a cgroup mount point: %w", err)
		}
		if err := mountAs("cgroup", dir, t.Options); err != nil {
			return err
		}
	}
	return nil
}

func mountAs(kind, dir, options string) error {
	if err := unix.Mount(kind, dir, kind, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("mounting %s (%s) on %s: %w", kind, options, dir, err)
	}
	return nil
}

// hideHugePages keeps the machine's one pool of huge pages from being
// offered by more than one node.
func hideHugePages(n settings.Node, root string) error {
	if n.Special {
		return nil
	}
	dirs, err := filepath.Glob(filepath.Join(root, "sys/devices/system/node/node*/hugepages"))
	if err != nil {
		return fmt.Errorf("looking for huge pages: %w", err)
	}
	for _, d := range append(dirs, filepath.Join(root, "sys/kernel/mm/hugepages")) {
		if _, err := os.Stat(d); err != nil {
			continue
		}
		if err := unix.Mount("tmpfs", d, "tmpfs", unix.MS_RDONLY, "size=4k"); err != nil {
			return fmt.Errorf("hiding %s: %w", strings.TrimPrefix(d, root), err)
		}
	}
	return nil
}

// pivot makes root the root directory and lets go of the machine's.
func pivot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return fmt.Errorf("entering the new root: %w", err)
	}
	// The old root goes on top of the new one and is taken off there.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("letting go of the old root: %w", err)
	}
	return unix.Chdir("/")
}

func bind(from, to string, flags uintptr) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting %s on %s: %w", from, to, err)
	}
	if flags == 0 {
		return nil
	}
	if err := unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""); err != nil {
		return fmt.Errorf("restricting the mount on %s: %w", to, err)
	}
	return nil
}

func overlay(lower, upper, work, target string) error {
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)
	if err := unix.Mount("overlay", target, "overlay", 0, options); err != nil {
		return fmt.Errorf("mounting %s over %s: %w", upper, lower, err)
	}
	return nil
}
