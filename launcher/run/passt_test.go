//go:build process

package run_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// The pod's addresses and, as its gateway, those of everybody else.
const (
	podAddress, podAddress6         = "10.99.0.2", "fd99::2"
	outsideAddress, outsideAddress6 = "10.99.0.1", "fd99::1"
)

func ip(t *testing.T, arguments string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", arguments, err, out)
	}
}

// enter moves this thread, which is the calling goroutine's alone, to a network namespace.
func enter(t *testing.T, namespace *os.File) {
	t.Helper()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
}

// newNamespace moves this thread to a network namespace of its own.
func newNamespace(t *testing.T) *os.File {
	t.Helper()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	namespace, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { namespace.Close() })
	return namespace
}

// podNetwork makes two namespaces, the pod's as a network plugin and the kubelet leave it,
// and stays in that of the others.
func podNetwork(t *testing.T) (inside, outside *os.File) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread is not to be used again
	inside = newNamespace(t)
	for path, value := range map[string]string{
		"ip_unprivileged_port_start": "0", "ping_group_range": fmt.Sprintf("%d %[1]d", launcherUser),
	} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+path, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	ip(t, "link set lo up")
	ip(t, "link add eth0 type veth peer name o0")
	outside = newNamespace(t)
	enter(t, inside)
	ip(t, fmt.Sprintf("link set o0 netns /proc/%d/fd/%d", os.Getpid(), outside.Fd()))
	for _, command := range []string{
		"addr add " + podAddress + "/24 dev eth0", "addr add " + podAddress6 + "/64 dev eth0 nodad", "link set eth0 up",
		"route add default via " + outsideAddress, "-6 route add default via " + outsideAddress6,
	} {
		ip(t, command)
	}
	enter(t, outside)
	for _, command := range []string{
		"addr add " + outsideAddress + "/24 dev o0", "addr add " + outsideAddress6 + "/64 dev o0 nodad", "link set o0 up", "link set lo up",
	} {
		ip(t, command)
	}
	return inside, outside
}

// answer serves one word over HTTP on an address of this thread's namespace, and counts
// who asks.
func answer(t *testing.T, address, word string) *atomic.Int32 {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var asked atomic.Int32
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			_, _ = connection.Read(make([]byte, 1024))
			_, _ = fmt.Fprintf(connection, "HTTP/1.0 200 OK\r\n\r\n%s\n", word)
			_ = connection.Close()
		}
	}()
	return &asked
}

// ask gets what a guest serves over HTTP, from this thread's namespace.
func ask(t *testing.T, address string) string {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(connection, "GET / HTTP/1.0\r\n\r\n")
	said, _ := io.ReadAll(connection)
	return string(said)
}

// A guest is connected by passt: it has the pod's address, connections go both ways, and
// the pod's loopback stays the pod's. All of it takes no right that a pod has not.
func TestPasst(t *testing.T) {
	tiny := os.Getenv("KUBEVIRT_GUEST_TINY")
	if tiny == "" {
		t.Skip("KUBEVIRT_GUEST_TINY is not set")
	}
	// Older versions of libvirt do not know passt in this way.
	if _, err := os.Stat(os.Getenv("KUBEVIRT_LAUNCHER_ROOT") + "/usr/libexec/kubevirt/passt"); os.Getenv("KUBEVIRT_LAUNCHER_ROOT") == "" || err != nil {
		t.Skip("KUBEVIRT_LAUNCHER_ROOT does not name the launcher's image, unpacked")
	}
	inside, outside := podNetwork(t)
	enter(t, inside)
	loopback := []*atomic.Int32{answer(t, "127.0.0.1:9999", "loopback"), answer(t, "[::1]:9999", "loopback")}
	p := startPod(t, 30)
	enter(t, outside)
	answer(t, outsideAddress+":9000", "outside")
	answer(t, "["+outsideAddress6+"]:9000", "outside")

	states := p.watch()
	p.startPasst(tiny)
	guest := p.login()
	guest.enter("until ip a | grep -q 'inet " + podAddress + "/24' && ip -6 r | grep -q ^default; do sleep 1; done; echo con''nected")
	p.waitSaid("connected", 1, 2*time.Minute)
	guest.run("wget -q -T 5 -O - http://"+outsideAddress+":9000/ | grep -q outside", true)
	guest.run("wget -q -T 5 -O - http://["+outsideAddress6+"]:9000/ | grep -q outside", true)
	guest.run("ping -c 1 -W 5 "+outsideAddress, true)
	guest.run("wget -q -T 3 -O - http://"+outsideAddress+":9999/", false)
	guest.run("wget -q -T 3 -O - http://["+outsideAddress6+"]:9999/", false)
	for _, asked := range loopback {
		if asked.Load() > 0 {
			t.Error("the guest reaches what listens on the pod's loopback")
		}
	}
	for _, address := range []string{podAddress + ":80", "[" + podAddress6 + "]:80"} {
		if said := ask(t, address); !strings.Contains(said, "200 OK") {
			t.Errorf("the guest says %q on %s", said, address)
		}
	}
	p.checkPasst()
	p.kill(launcherName, syscall.SIGTERM)
	p.until(states, protocol.State_STATE_SHUTOFF)
	for deadline := time.Now().Add(time.Second); len(p.passt()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("passt outlives the guest")
		}
	}
}

func (p *pod) startPasst(tiny string) {
	p.t.Helper()
	instance := vmi()
	memory := resource.MustParse("128Mi")
	instance.Spec.Domain.Memory.Guest = &memory
	instance.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	nic := v1.Interface{Name: "default", Ports: []v1.Port{{Port: 80}}}
	nic.PasstBinding = &v1.InterfacePasstBinding{}
	instance.Spec.Domain.Devices.Interfaces = []v1.Interface{nic}
	raw, err := json.Marshal(instance)
	if err != nil {
		p.t.Fatal(err)
	}
	request := p.request(tiny)
	request.Vmi = raw
	request.Interfaces = []*protocol.Interface{{Network: "default", PodInterface: "eth0", Mac: "02:00:00:00:00:11", Mtu: 1500}}
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		p.t.Fatal(err)
	}
}

// passt are the ids of its processes.
func (p *pod) passt() []int {
	all := p.processes()
	return slices.Concat(all["passt"], all["passt.avx2"])
}

// checkPasst looks at what passt's process may do.
func (p *pod) checkPasst() {
	p.t.Helper()
	running := p.passt()
	if len(running) != 1 {
		p.t.Fatalf("passt runs as %v", running)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", running[0]))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, line := range []string{fmt.Sprintf("Uid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", launcherUser), "CapEff:\t0000000000000000\n", "NoNewPrivs:\t1\n"} {
		if !strings.Contains(string(status), line) {
			p.t.Errorf("passt's process has no %q", line)
		}
	}
	for _, kind := range []string{"user", "mnt", "pid"} {
		own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", running[0], kind))
		if first, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", p.first(), kind)); err != nil || own != first {
			p.t.Errorf("passt is in the %s namespace %q, the pod in %q: %v", kind, own, first, err)
		}
	}
}
