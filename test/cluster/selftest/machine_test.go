//go:build cluster

// Package selftest checks the test cluster itself, on a cluster of its own
// that comes up and goes again: go test -tags cluster ./selftest
package selftest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

var (
	source  string
	cluster *settings.Cluster
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if source, err = filepath.Abs(".."); err != nil {
		fmt.Println(err)
		return 1
	}
	os.Setenv("KUBEVIRT_CLUSTER", "selftest")
	os.Setenv("KUBE_PROVIDER", "local")
	os.Setenv("NUM_NODES", "2")
	if cluster, err = settings.FromEnvironment(source); err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := cli("down"); err != nil {
		fmt.Println(err)
		return 1
	}
	before := machineState()
	started := time.Now()
	if _, err := cli("up"); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("up took %.1f s\n", time.Since(started).Seconds())
	code := 1
	if err := loadProbe(); err != nil {
		fmt.Println(err)
	} else {
		code = m.Run()
	}
	if os.Getenv("KEEP") != "" {
		return code
	}
	return max(code, goDown(before))
}

// goDown crashes the cluster first: what is left of it must go all the same.
func goDown(before map[string][]string) int {
	pids, err := cgroup.Members(filepath.Join(cgroup.Root, cluster.Name, "control"))
	if err != nil || len(pids) == 0 {
		fmt.Println("no control plane to kill:", err)
		return 1
	}
	for _, pid := range pids[:1] {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
	if _, err := cli("down"); err != nil {
		fmt.Println(err)
		return 1
	}
	code := 0
	for what, now := range machineState() {
		for _, thing := range now {
			if !slices.Contains(before[what], thing) {
				fmt.Printf("FAIL: down leaves a %s behind: %s\n", what, thing)
				code = 1
			}
		}
	}
	if _, err := os.Stat(cluster.State); err == nil {
		fmt.Println("FAIL: down leaves its state behind")
		code = 1
	}
	return code
}

// machineState lists what of this cluster, or of anybody, is on the machine.
func machineState() map[string][]string {
	state := map[string][]string{}
	links, _ := net.Interfaces()
	for _, l := range links {
		if strings.HasPrefix(l.Name, cluster.Name) {
			state["link"] = append(state["link"], l.Name)
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, cluster.State+"/") {
			state["mount"] = append(state["mount"], line)
		}
	}
	loops, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, l := range loops {
		data, _ := os.ReadFile(l)
		state["loop device"] = append(state["loop device"], l+" "+string(data))
	}
	trees, _ := cgroup.Hierarchies()
	for _, t := range trees {
		found, _ := filepath.Glob(filepath.Join(t.Mount, cgroup.Root, cluster.Name))
		state["cgroup"] = append(state["cgroup"], found...)
	}
	routes, _ := exec.Command("ip", "route").Output()
	for line := range strings.Lines(string(routes)) {
		if strings.Contains(line, cluster.Bridge()) {
			state["route"] = append(state["route"], line)
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/cgroup")
	for _, p := range processes {
		data, _ := os.ReadFile(p)
		if strings.Contains(string(data), filepath.Join(cgroup.Root, cluster.Name)+"/") {
			state["process"] = append(state["process"], p)
		}
	}
	return state
}

// cli runs hack/cli.sh and returns what it printed.
func cli(args ...string) (string, error) {
	return command(filepath.Join(source, "../../hack/cli.sh"), args...)
}

// kubectl runs hack/kubectl.sh and returns what it printed.
func kubectl(args ...string) (string, error) {
	return command(filepath.Join(source, "../../hack/kubectl.sh"), args...)
}

func command(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	// The scripts have to work from anywhere.
	cmd.Dir = "/"
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out.String(), problems.String())
	}
	return out.String(), nil
}

// must is for commands that have to succeed.
func must(t *testing.T) func(string, error) string {
	return func(out string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
}

// eventually repeats a check until it passes or patience ends.
func eventually(t *testing.T, patience time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
