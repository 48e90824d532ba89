// Package upstream builds the programs a cluster consists of from their Go
// modules and keeps them in the cache, one directory per version.
package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// component is one upstream project; its directory below the source directory
// has a go.mod that pins it.
type component struct {
	dir      string
	packages []string
	into     string
	flags    []string
	// cgo is needed by runc alone (seccomp).
	cgo bool
	// links are further names of the one program it builds.
	links []string
}

const (
	k8sVersion        = "k8s.io/component-base/version"
	containerdModule  = "github.com/containerd/containerd/v2"
	containerdVersion = containerdModule + "/version"
	olmModule         = "github.com/operator-framework/operator-lifecycle-manager"
)

func components() []component {
	minor := strings.Split(strings.TrimPrefix(settings.KubernetesVersion, "v"), ".")
	return []component{
		{
			dir: "kubernetes", packages: []string{"."}, into: "kubernetes",
			flags: []string{"-ldflags", "-s -w -X " + k8sVersion + ".gitVersion=" + settings.KubernetesVersion +
				" -X " + k8sVersion + ".gitMajor=" + minor[0] + " -X " + k8sVersion + ".gitMinor=" + minor[1] +
				" -X " + k8sVersion + ".gitTreeState=clean"},
			links: []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"},
		},
		{dir: "etcd", packages: []string{"."}, into: "etcd", flags: []string{"-ldflags", "-s -w"}},
		{
			dir: "containerd", into: "./",
			packages: []string{containerdModule + "/cmd/containerd", containerdModule + "/cmd/containerd-shim-runc-v2", containerdModule + "/cmd/ctr"},
			flags:    []string{"-ldflags", "-s -w -X " + containerdVersion + ".Version=" + settings.ContainerdVersion},
		},
		{
			dir: "runc", into: "./", packages: []string{"github.com/opencontainers/runc"}, cgo: true,
			flags: []string{"-tags", "seccomp", "-ldflags", "-s -w -X main.version=" + strings.TrimPrefix(settings.RuncVersion, "v")},
		},
		{dir: "cni", packages: []string{"tool"}, into: "cni/", flags: []string{"-ldflags", "-s -w"}},
		{dir: "multus", packages: []string{"tool"}, into: "cni/", flags: []string{"-ldflags", "-s -w"}},
		{dir: "networkpolicy", packages: []string{"."}, into: "networkpolicy", flags: []string{"-ldflags", "-s -w"}},
		{dir: "coredns", packages: []string{"."}, into: "coredns", flags: []string{"-ldflags", "-s -w"}},
	}
}

// Ensure builds what the cache lacks, telling progress to out, and returns
// the directory with all programs.
func Ensure(ctx context.Context, c *settings.Cluster, out io.Writer) (string, error) {
	all := sha256.New()
	dirs := make([]string, 0, len(components()))
	for i, comp := range components() {
		key, err := comp.key(c.Source)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(all, key)
		dir, err := comp.ensure(ctx, c, fmt.Sprintf(" (%d of %d)", i+1, len(components())), out)
		if err != nil {
			return "", err
		}
		dirs = append(dirs, dir)
	}
	bin := filepath.Join(c.Cache, hex.EncodeToString(all.Sum(nil))[:12], "bin")
	return bin, gather(bin, dirs)
}

// ensure builds the component unless the cache has it, and returns its directory.
func (comp component) ensure(ctx context.Context, c *settings.Cluster, progress string, out io.Writer) (string, error) {
	key, err := comp.key(c.Source)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(c.Cache, "programs", comp.dir+"-"+key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fmt.Fprintf(out, "building %s%s", comp.dir, progress)
	started := time.Now()
	if err := comp.build(ctx, c.Source, dir, out); err != nil {
		return "", err
	}
	fmt.Fprintf(out, " %d s\n", int(time.Since(started).Seconds()))
	return dir, nil
}

// key identifies what the component would be built from.
func (comp component) key(source string) (string, error) {
	h := sha256.New()
	dir := filepath.Join(source, comp.dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("reading the source of %s: %w", comp.dir, err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", fmt.Errorf("reading the source of %s: %w", comp.dir, err)
		}
		fmt.Fprintln(h, e.Name(), len(data))
		h.Write(data)
	}
	fmt.Fprintln(h, comp.packages, comp.flags, comp.links)
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

func (comp component) build(ctx context.Context, source, dir string, out io.Writer) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	temporary, err := os.MkdirTemp(parent, "."+comp.dir)
	if err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	defer os.RemoveAll(temporary)
	if err := os.Chmod(temporary, 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	target := filepath.Join(temporary, comp.into)
	if strings.HasSuffix(comp.into, "/") {
		if err := os.MkdirAll(target, 0o755); err != nil {
			return fmt.Errorf("making the cache: %w", err)
		}
		target += "/"
	}
	args := append([]string{"build", "-trimpath", "-o", target}, comp.flags...)
	args = append(args, comp.packages...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(source, comp.dir)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED="+map[bool]string{true: "1", false: "0"}[comp.cgo])
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	stop := dots(out)
	err = cmd.Run()
	stop()
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", comp.dir, err, said.String())
	}
	for _, name := range comp.links {
		if err := os.Symlink(comp.into, filepath.Join(temporary, name)); err != nil {
			return fmt.Errorf("naming %s: %w", name, err)
		}
	}
	if err := os.Rename(temporary, dir); err != nil {
		return fmt.Errorf("keeping %s: %w", comp.dir, err)
	}
	return nil
}

// dots shows that something still happens during a build of minutes.
func dots(out io.Writer) (stop func()) {
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Second):
				fmt.Fprint(out, ".")
			}
		}
	}()
	return func() { close(done); <-finished }
}

// gather links the programs of all components into one directory. Hard
// links, because the directory is shown to the nodes by itself.
func gather(bin string, dirs []string) error {
	if _, err := os.Stat(bin); err == nil {
		return nil
	}
	parent := filepath.Dir(bin)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	temporary, err := os.MkdirTemp(parent, ".bin")
	if err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	defer os.RemoveAll(temporary)
	if err := os.Chmod(temporary, 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, p)
			if err != nil {
				return err
			}
			target := filepath.Join(temporary, rel)
			switch {
			case rel == ".":
				return nil
			case d.IsDir():
				// Several components bring network plugins.
				return os.MkdirAll(target, 0o755)
			case d.Type()&fs.ModeSymlink != 0:
				to, err := os.Readlink(p)
				if err != nil {
					return err
				}
				return os.Symlink(to, target)
			}
			return os.Link(p, target)
		})
		if err != nil {
			return fmt.Errorf("gathering the programs: %w", err)
		}
	}
	if err := os.Rename(temporary, bin); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("gathering the programs: %w", err)
	}
	return nil
}
