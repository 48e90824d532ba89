// Package cgroup puts the processes of a test cluster into cgroups of their
// own: so that they can all be found and ended whatever became of their
// parents, and so that each node sees only its own part of the tree.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Root is the cgroup above all clusters.
const Root = "kubevirt-cluster"

// Hierarchy is one mounted cgroup tree.
type Hierarchy struct {
	// Mount is where it is mounted.
	Mount string
	// Options are the controllers, as a mount of the same tree takes them.
	Options string
	// V2 marks the unified tree.
	V2 bool
}

// Hierarchies lists the cgroup trees of this machine from mountinfo.
func Hierarchies() ([]Hierarchy, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing cgroup mounts: %w", err)
	}
	found := parseMountinfo(string(data))
	if len(found) == 0 {
		return nil, errors.New("no cgroup tree is mounted under /sys/fs/cgroup")
	}
	return found, nil
}

func parseMountinfo(text string) []Hierarchy {
	var found []Hierarchy
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 || !strings.HasPrefix(left[4], "/sys/fs/cgroup") || seen[left[4]] {
			continue
		}
		switch right[0] {
		case "cgroup2":
			found = append(found, Hierarchy{Mount: left[4], V2: true})
		case "cgroup":
			found = append(found, Hierarchy{Mount: left[4], Options: controllers(right[2])})
		default:
			continue
		}
		seen[left[4]] = true
	}
	return found
}

// controllers leaves only what names the tree in a superblock's options.
func controllers(options string) string {
	var names []string
	for o := range strings.SplitSeq(options, ",") {
		if o == "rw" || o == "ro" || o == "clone_children" || o == "xattr" || strings.HasPrefix(o, "release_agent") {
			continue
		}
		if strings.HasPrefix(o, "name=") {
			names = append(names, "none")
		}
		names = append(names, o)
	}
	return strings.Join(names, ",")
}

// Leaf is the cgroup, below a node's own, that the node's own processes are
// in where only the unified tree exists: that tree allows no processes where
// it distributes resources.
const Leaf = "init"

// Unified reports whether this machine has only the unified tree.
func Unified() (bool, error) {
	trees, err := Hierarchies()
	return len(trees) == 1 && trees[0].V2, err
}

// Enter moves the calling process into the cgroup path (relative, such as
// "kubevirt-cluster/kv/node01") of every hierarchy, making it where needed.
func Enter(path string) error {
	trees, err := Hierarchies()
	if err != nil {
		return err
	}
	for _, t := range trees {
		if err := make1(t, path); err != nil {
			return err
		}
		procs := filepath.Join(t.Mount, path, "cgroup.procs")
		if err := os.WriteFile(procs, []byte("0"), 0); err != nil {
			return fmt.Errorf("joining cgroup %s: %w", procs, err)
		}
		// Afterwards: a cgroup that still has processes of its own may not
		// distribute anything.
		if t.V2 {
			delegate(t.Mount, path)
		}
	}
	return nil
}

// make1 creates the cgroup in one hierarchy. A cpuset is born without any CPU
// or memory and accepts no process until it has some.
func make1(t Hierarchy, path string) error {
	dir := t.Mount
	for part := range strings.SplitSeq(path, "/") {
		parent := dir
		dir = filepath.Join(dir, part)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("making a cgroup: %w", err)
		}
		if t.V2 || !strings.Contains(","+t.Options+",", ",cpuset,") {
			continue
		}
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(parent, file))
			if err != nil {
				return fmt.Errorf("reading the parent's CPUs: %w", err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), value, 0); err != nil {
				return fmt.Errorf("giving cgroup %s its CPUs: %w", dir, err)
			}
		}
	}
	return nil
}

// delegate lets every cgroup on the way to path hand on the controllers it
// has. One that cannot be handed on is the kubelet's to complain about, if it
// misses it.
func delegate(mount, path string) {
	dir := mount
	for part := range strings.SplitSeq(path, "/") {
		names, _ := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
		for name := range strings.FieldsSeq(string(names)) {
			_ = os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+name), 0)
		}
		dir = filepath.Join(dir, part)
	}
}

// Kill ends every process in the cgroup path and below it, in every
// hierarchy, and removes the cgroups. It waits up to the given time for
// processes to be gone. A path that does not exist is no error.
func Kill(path string, patience time.Duration) error {
	trees, err := Hierarchies()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(patience)
	for {
		left := 0
		for _, t := range trees {
			left += killTree(filepath.Join(t.Mount, path))
		}
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of cgroup %s do not end", left, path)
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, t := range trees {
		if err := remove(filepath.Join(t.Mount, path), deadline); err != nil {
			return err
		}
	}
	return nil
}

// killTree signals all processes below dir and returns how many it saw.
func killTree(dir string) int {
	count := 0
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "cgroup.procs" {
			return nil
		}
		for _, pid := range pids(p) {
			count++
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return nil
	})
	return count
}

func pids(file string) []int {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var all []int
	for f := range strings.FieldsSeq(string(data)) {
		var pid int
		if _, err := fmt.Sscan(f, &pid); err == nil && pid > 0 {
			all = append(all, pid)
		}
	}
	return all
}

// Processes lists the process IDs in the cgroup path and below it.
func Processes(path string) ([]int, error) {
	trees, err := Hierarchies()
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	var all []int
	for _, t := range trees {
		_ = filepath.WalkDir(filepath.Join(t.Mount, path), func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "cgroup.procs" {
				for _, pid := range pids(p) {
					if !seen[pid] {
						seen[pid] = true
						all = append(all, pid)
					}
				}
			}
			return nil
		})
	}
	return all, nil
}

// Members lists the process IDs in the cgroup path itself, without those
// below it (such as a node's pods), in increasing order.
func Members(path string) ([]int, error) {
	trees, err := Hierarchies()
	if err != nil {
		return nil, err
	}
	for _, t := range trees {
		if !t.V2 || len(trees) == 1 {
			all := pids(filepath.Join(t.Mount, path, "cgroup.procs"))
			slices.Sort(all)
			return all, nil
		}
	}
	return nil, nil
}

// remove deletes a cgroup and those below it. A cgroup whose last process
// has just ended can be busy for a moment.
func remove(dir string, deadline time.Time) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing cgroups: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := remove(filepath.Join(dir, e.Name()), deadline); err != nil {
				return err
			}
		}
	}
	for {
		err := os.Remove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("removing a cgroup: %w", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// WaitGone waits until no process remembers having been in the cgroup path:
// ended processes keep their namespaces until they are reaped.
func WaitGone(path string, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		files, err := filepath.Glob("/proc/[0-9]*/cgroup")
		if err != nil {
			return fmt.Errorf("listing processes: %w", err)
		}
		left := 0
		for _, f := range files {
			if data, err := os.ReadFile(f); err == nil && strings.Contains(string(data), ":/"+path+"/") {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of cgroup %s have ended but are not gone", left, path)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// RemoveRoot removes the cgroup above all clusters if no cluster is left.
func RemoveRoot() {
	trees, err := Hierarchies()
	if err != nil {
		return
	}
	for _, t := range trees {
		_ = os.Remove(filepath.Join(t.Mount, Root))
	}
}
