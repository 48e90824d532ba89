// Package cgroup tells which pod a process belongs to. It is the only package
// that reads cgroup files; both hierarchy versions are supported.
package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Owner is the container a process runs in.
type Owner struct {
	// PodUID is the pod's UID in its usual spelling, with dashes.
	PodUID string
	// ContainerID is the runtime's identifier of the container.
	ContainerID string
}

// Reader finds owners through a procfs whose process numbers are those the
// caller uses, in practice the node's.
type Reader struct {
	// Proc is the directory of that procfs; empty means /proc.
	Proc string
	// Self is the entry of the calling process below Proc; empty means "self".
	Self string
}

// podComponent matches the directory of a pod under either cgroup driver:
// "pod<uid>" or "kubepods-burstable-pod<uid, underscores>.slice". Static pods
// have a UID of 32 hexadecimal digits.
var podComponent = regexp.MustCompile(`^(?:.*-)?pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$`)

// OwnerOf reads which container the process is in. It fails when the process is
// gone, runs outside every pod, or when its hierarchies disagree.
func (r Reader) OwnerOf(pid int) (Owner, error) {
	target, err := r.paths(strconv.Itoa(pid))
	if err != nil {
		return Owner{}, err
	}
	self := r.Self
	if self == "" {
		self = "self"
	}
	own, err := r.paths(self)
	if err != nil {
		return Owner{}, err
	}
	owner, err := ownerIn(target, own)
	if err != nil {
		return Owner{}, fmt.Errorf("cgroup of process %d: %w", pid, err)
	}
	return owner, nil
}

// paths returns the process's cgroup path by hierarchy ("" is version 2).
func (r Reader) paths(entry string) (map[string]string, error) {
	proc := r.Proc
	if proc == "" {
		proc = "/proc"
	}
	content, err := os.ReadFile(filepath.Join(proc, entry, "cgroup"))
	if err != nil {
		return nil, fmt.Errorf("reading the cgroup of process %s: %w", entry, err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(content)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) == 3 {
			found[fields[1]] = fields[2]
		}
	}
	return found, nil
}

// ownerIn decides the owner. Every hierarchy that names a pod must name the same
// one; those that the runtime leaves alone (an empty version 2 tree beside
// version 1) name none.
func ownerIn(target, own map[string]string) (Owner, error) {
	var owner Owner
	for hierarchy, path := range target {
		one, inPod, err := parse(path, own[hierarchy])
		if err != nil {
			return Owner{}, err
		}
		if !inPod {
			continue
		}
		if owner.PodUID != "" && owner != one {
			return Owner{}, fmt.Errorf("hierarchies disagree: pod %s or %s", owner.PodUID, one.PodUID)
		}
		owner = one
	}
	if owner.PodUID == "" {
		return Owner{}, fmt.Errorf("the process is in no pod")
	}
	return owner, nil
}

// parse reads one path. A container that may write to its own cgroup can make a
// child that looks like another pod; such a path has two pods in it and is
// refused. Pods above the kubelet's own tree (a node that is itself a pod) are
// told apart by the reader's own path, which shares them.
func parse(path, own string) (Owner, bool, error) {
	parts := split(path)
	parts = parts[sharedWithNode(parts, split(own)):]
	at := -1
	for i, part := range parts {
		if !podComponent.MatchString(part) {
			continue
		}
		if at >= 0 {
			return Owner{}, false, fmt.Errorf("path %q names two pods", path)
		}
		at = i
	}
	if at < 0 || at+1 >= len(parts) {
		return Owner{}, false, nil
	}
	uid := strings.ReplaceAll(podComponent.FindStringSubmatch(parts[at])[1], "_", "-")
	return Owner{PodUID: uid, ContainerID: containerID(parts[at+1])}, true, nil
}

// sharedWithNode counts the leading components that path shares with what lies
// above the reader's own pod.
func sharedWithNode(path, own []string) int {
	above := 0
	for i, part := range own {
		if podComponent.MatchString(part) {
			above = i
		}
	}
	shared := 0
	for shared < above && shared < len(path) && path[shared] == own[shared] {
		shared++
	}
	return shared
}

// split cuts a path into components. From inside a cgroup namespace, paths of
// processes outside it begin with "..", which says nothing about pods.
func split(path string) []string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && part != ".." {
			parts = append(parts, part)
		}
	}
	return parts
}

// containerID strips what the systemd driver puts around an identifier:
// "cri-containerd-<id>.scope", "crio-<id>.scope".
func containerID(component string) string {
	id := strings.TrimSuffix(component, ".scope")
	return id[strings.LastIndex(id, "-")+1:]
}
