//go:build process

package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// launcherUser is who the launcher is in its pod.
const launcherUser = 107

var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "launcher")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o755); err != nil {
			panic(err)
		}
		binary = filepath.Join(dir, "virt-launcher")
		build := exec.Command("go", "build", "-tags", "libvirt_dlopen,grpcnotrace", "-ldflags", "-s -w", "-o", binary, "kubevirt.io/kubevirt/cmd/virt-launcher")
		build.Stdout, build.Stderr = os.Stdout, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Println("building the launcher:", err)
			return 1
		}
		return m.Run()
	}())
}

// pod is a launcher that runs as the first process of a PID namespace.
type pod struct {
	t       *testing.T
	runDir  string
	command *exec.Cmd
	began   time.Time
	exited  chan int
	client  protocol.LauncherClient
	session uint64
}

func startPod(t *testing.T, grace int, extra ...string) *pod {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("starting a launcher as another user in a PID namespace needs root")
	}
	for _, program := range []string{"/usr/sbin/libvirtd", "/usr/bin/qemu-system-x86_64", "/usr/bin/setpriv", "/usr/bin/unshare"} {
		if _, err := os.Stat(program); err != nil {
			t.Skip("not on this machine: " + program)
		}
	}
	// Short, because the path of a unix socket is; like an emptyDir's owner.
	runDir, err := os.MkdirTemp("/tmp", "l")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runDir) })
	if err := os.Chown(runDir, launcherUser, launcherUser); err != nil {
		t.Fatal(err)
	}
	user := strconv.Itoa(launcherUser)
	// libvirtd wants to know its user and group by name, as in the launcher's image.
	names := filepath.Dir(binary)
	for file, content := range map[string]string{
		"passwd": "root:x:0:0::/root:/bin/sh\nqemu:x:107:107::/:/bin/sh\n", "group": "root:x:0:\nqemu:x:107:\n",
	} {
		if err := os.WriteFile(filepath.Join(names, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	enter := []string{"sh", "-c", `mount --bind "$0"/passwd /etc/passwd && mount --bind "$0"/group /etc/group && exec "$@"`, names,
		"setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"}
	// The unpacked launcher image, to run with its libvirt and QEMU instead of this machine's.
	if root := os.Getenv("KUBEVIRT_LAUNCHER_ROOT"); root != "" {
		enter = []string{"sh", "-c", `mkdir -p "$0"/proc "$0"/dev "$0"/tmp && mount -t proc proc "$0"/proc &&
			mount --rbind /dev "$0"/dev && mount --rbind /sys "$0"/sys && mount --bind /tmp "$0"/tmp && exec setpriv --no-new-privs chroot --userspec=107:107 "$0" "$@"`, root}
	}
	arguments := slices.Concat([]string{"--pid", "--mount-proc", "--fork", "--kill-child"}, enter, []string{
		binary, "--vmi-namespace", "default", "--vmi-name", "tiny", "--vmi-uid", "1234",
		"--grace-period-seconds", strconv.Itoa(grace), "--run-dir", runDir,
	}, extra)
	p := &pod{t: t, runDir: runDir, command: exec.Command("unshare", arguments...), exited: make(chan int, 1)}
	p.command.Stderr = &logWriter{t: t}
	p.began = time.Now()
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.command.Wait()
		p.exited <- p.command.ProcessState.ExitCode()
	}()
	t.Cleanup(p.destroy)
	p.dial()
	return p
}

// destroy ends every process of the pod: with the first one all the others go.
func (p *pod) destroy() {
	if first := p.first(); first != 0 {
		_ = syscall.Kill(first, syscall.SIGKILL)
	}
	_ = p.command.Process.Kill()
}

// first returns the id of the pod's first process, 0 when it is gone.
func (p *pod) first() int {
	children, err := exec.Command("pgrep", "-P", strconv.Itoa(p.command.Process.Pid)).Output()
	if err != nil {
		return 0
	}
	first, _ := strconv.Atoi(strings.TrimSpace(string(children)))
	return first
}

// logWriter passes the launcher's log on to the test's.
type logWriter struct{ t *testing.T }

func (w *logWriter) Write(b []byte) (int, error) {
	if testing.Verbose() {
		fmt.Print(string(b))
	}
	return len(b), nil
}

// dial connects and opens a session.
func (p *pod) dial() {
	p.t.Helper()
	conn, err := grpc.NewClient("unix://"+filepath.Join(p.runDir, "launcher.sock"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second}))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	p.client = protocol.NewLauncherClient(conn)
	deadline := time.Now().Add(10 * time.Second)
	for {
		if _, err := os.Stat(filepath.Join(p.runDir, "launcher.sock")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			p.t.Fatal("the launcher does not listen")
		}
		time.Sleep(time.Millisecond)
	}
	p.t.Logf("socket after %v", time.Since(p.began))
	info, err := p.client.Info(p.ctx(), &protocol.InfoRequest{}, grpc.WaitForReady(true))
	if err != nil {
		p.t.Fatal(err)
	}
	p.session = info.GetSession()
}

func (p *pod) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	p.t.Cleanup(cancel)
	return ctx
}

// vmi is a guest with one container disk.
func vmi() *v1.VirtualMachineInstance {
	memory := resource.MustParse("64Mi")
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "tiny", UID: "1234"}}
	vmi.Spec.Domain.Memory = &v1.Memory{Guest: &memory}
	vmi.Spec.Domain.CPU = &v1.CPU{Sockets: 1, Cores: 1, Threads: 1}
	vmi.Spec.Domain.Machine = &v1.Machine{Type: "q35"}
	vmi.Spec.Domain.Firmware = &v1.Firmware{UUID: "5d307ca9-b3ef-428c-8861-06e72d69f223"}
	enabled := true
	vmi.Spec.Domain.Features = &v1.Features{ACPI: v1.FeatureState{Enabled: &enabled}}
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: "virtio"}}}}
	vmi.Spec.Domain.Devices.LogSerialConsole = &enabled // the tests read what the guest prints
	vmi.Spec.Volumes = []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "x"}}}}
	return vmi
}

func (p *pod) request(image string) *protocol.SyncRequest {
	raw, err := json.Marshal(vmi())
	if err != nil {
		p.t.Fatal(err)
	}
	return &protocol.SyncRequest{
		Session: p.session, Vmi: raw,
		Host:    &protocol.Host{Emulation: true, TranslationCacheMib: 16},
		Volumes: []*protocol.Volume{{Name: "root", Path: image}},
	}
}

// boot starts a guest and waits for its first words.
func (p *pod) boot(sector []byte) {
	p.t.Helper()
	image := containerDisk(p.t, sector)
	if _, err := p.client.Sync(p.ctx(), p.request(image)); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("domain running after %v", time.Since(p.began))
	p.waitLog(greeting)
	p.t.Logf("guest speaks after %v", time.Since(p.began))
}

// waitLog waits for words of the guest in the serial log.
func (p *pod) waitLog(words string) {
	p.t.Helper()
	p.waitSaid(words, 1, 30*time.Second)
}

// waitSaid waits until the guest has said words a number of times.
func (p *pod) waitSaid(words string, times int, within time.Duration) {
	p.t.Helper()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if p.said(words) >= times {
			return
		}
	}
	p.t.Fatalf("the guest said %q %d times, want %d", words, p.said(words), times)
}

// said counts words in the serial log.
func (p *pod) said(words string) int {
	raw, _ := os.ReadFile(filepath.Join(p.runDir, "serial0.log"))
	return strings.Count(string(raw), words)
}

// watch follows the domain in the background.
func (p *pod) watch() <-chan *protocol.DomainState {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p.t.Cleanup(cancel)
	stream, err := p.client.Watch(ctx, &protocol.WatchRequest{Session: p.session})
	if err != nil {
		p.t.Fatal(err)
	}
	states := make(chan *protocol.DomainState, 100)
	go func() {
		defer close(states)
		for {
			state, err := stream.Recv()
			if err != nil {
				return
			}
			states <- state
		}
	}()
	return states
}

// until waits for a state on a watch.
func (p *pod) until(states <-chan *protocol.DomainState, want protocol.State) *protocol.DomainState {
	p.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case state, open := <-states:
			if !open {
				p.t.Fatalf("the watch ended before %v", want)
			}
			if state.GetState() == want {
				return state
			}
		case <-deadline:
			p.t.Fatalf("%v was never reached", want)
		}
	}
}

func (p *pod) signal(action protocol.Action) {
	p.t.Helper()
	if _, err := p.client.Signal(p.ctx(), &protocol.SignalRequest{Session: p.session, Action: action}); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the launcher's end and returns its code.
func (p *pod) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case code := <-p.exited:
		return code
	case <-time.After(within):
		p.t.Fatal("the launcher is still there")
		return -1
	}
}

// processes returns the ids of the pod's processes by the name of their program.
func (p *pod) processes() map[string][]int {
	p.t.Helper()
	found := map[string][]int{}
	namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", p.first()))
	if err != nil {
		p.t.Fatal("the launcher has no process")
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		if link, err := os.Readlink(dir + "/ns/pid"); err != nil || link != namespace {
			continue
		}
		comm, _ := os.ReadFile(dir + "/comm")
		pid, _ := strconv.Atoi(filepath.Base(dir))
		name := strings.TrimSpace(string(comm))
		found[name] = append(found[name], pid)
	}
	return found
}

func (p *pod) kill(program string, signal syscall.Signal) {
	p.t.Helper()
	pids := p.processes()[program]
	if len(pids) != 1 {
		p.t.Fatalf("%d processes are called %s: %v", len(pids), program, p.processes())
	}
	if err := syscall.Kill(pids[0], signal); err != nil {
		p.t.Fatal(err)
	}
}

// say types on the guest's serial console.
func (p *pod) say(words string) {
	p.t.Helper()
	conn, err := net.Dial("unix", filepath.Join(p.runDir, "serial0.sock"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, words); err != nil {
		p.t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
}
