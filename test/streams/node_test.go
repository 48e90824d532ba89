//go:build process

package streams

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sys/unix"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/handler/server"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/test/fakelauncher"
)

// node is a node with a virt-handler and guests.
type node struct {
	nodetest.Node

	system *system
	number int
	// address is where virt-handler listens.
	address string
	guests  []*guest
	// kill ends virt-handler and waits until it has gone.
	kill func()
}

// guest is what stands for one: a launcher, and the hypervisor's end of the serial
// console.
type guest struct {
	instance launcherclient.Instance
	launcher *fakelauncher.Launcher
	// consoles are the connections to the serial port. As the hypervisor does, the
	// test takes one after the other.
	consoles net.Listener
}

// newNode makes a node with guests that run, and a virt-handler that knows them.
func (s *system) newNode(t *testing.T, guests int) *node {
	t.Helper()
	n := s.newNodeAt(t, guests, "")
	n.start(t)
	return n
}

// newNodeAt is newNode with a virt-handler that listens elsewhere than where
// virt-api looks for it, and is not started yet.
func (s *system) newNodeAt(t *testing.T, guests int, address string) *node {
	t.Helper()
	number := int(s.nodes.Add(1))
	if number > maxNodes {
		t.Fatal("there are more nodes than virt-api knows of")
	}
	if address == "" {
		address = nodeAddress(number)
	}
	n := &node{
		Node: nodetest.New(t), system: s, number: number,
		address: net.JoinHostPort(address, strconv.Itoa(s.handlerPort)),
	}
	for i := range guests {
		n.guests = append(n.guests, n.newGuest(t, i))
	}
	return n
}

func (n *node) newGuest(t *testing.T, i int) *guest {
	t.Helper()
	name := fmt.Sprintf("guest-%d-%d", n.number, i)
	g := &guest{instance: launcherclient.Instance{
		NamespacedName: types.NamespacedName{Namespace: "default", Name: name},
		UID:            types.UID("uid-of-" + name), PodUID: fmt.Sprintf("6f7a3c1e-2a57-4a0f-9b1d-%012x", n.number<<16|i),
	}}
	n.system.kubernetes.put(t, &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: g.instance.UID},
		Status:     v1.VirtualMachineInstanceStatus{Phase: v1.VMIPhaseRunning, NodeName: nodeName(n.number)},
	})
	sockets := n.serve(t, g.instance.PodUID, fakelauncher.SocketName, launcherclient.SerialSocket)
	g.launcher = fakelauncher.Serve(t, sockets[0], fakelauncher.Identity{Namespace: "default", Name: name, UID: string(g.instance.UID)})
	g.consoles = sockets[1]
	return g
}

// serve listens on sockets in the pod's run directory, as a process of the pod.
func (n *node) serve(t *testing.T, podUID string, names ...string) []net.Listener {
	t.Helper()
	directory, err := os.Open(n.Pod(t, podUID))
	must(t, err)
	defer directory.Close()
	holder := exec.Command(n.system.holder, strconv.Itoa(len(names)))
	holder.Stderr = os.Stderr
	for _, name := range names {
		socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		must(t, err)
		file := os.NewFile(uintptr(socket), name)
		defer file.Close()
		// A path that leads to the directory itself would be too long.
		must(t, unix.Bind(socket, &unix.SockaddrUnix{Name: filepath.Join("/proc/self/fd", strconv.Itoa(int(directory.Fd())), name)}))
		holder.ExtraFiles = append(holder.ExtraFiles, file)
	}
	input, err := holder.StdinPipe()
	must(t, err)
	output, err := holder.StdoutPipe()
	must(t, err)
	must(t, holder.Start())
	n.Own(t, holder.Process.Pid, podUID)
	t.Cleanup(func() {
		input.Close()
		_ = holder.Wait()
	})
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Fatalf("the holder of the sockets does not listen: %v", err)
	}
	var listeners []net.Listener
	for _, file := range holder.ExtraFiles {
		listener, err := net.FileListener(file)
		must(t, err)
		t.Cleanup(func() { listener.Close() })
		listeners = append(listeners, listener)
	}
	return listeners
}

// start runs a virt-handler's server until kill is called or the test ends. It
// knows nothing of an earlier one's.
func (n *node) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	changed := make(chan struct{}, 1)
	finder := launcherclient.Finder{Pods: n.Pods, Cgroups: n.Cgroups}
	registry := launcherclient.NewRegistry(ctx, finder, logr.Discard(), func(types.NamespacedName) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	for _, g := range n.guests {
		registry.Guest(g.instance)
	}
	for known := 0; known < len(n.guests); {
		select {
		case <-changed:
		case <-time.After(patience):
			t.Fatal("virt-handler does not find the launchers")
		}
		known = 0
		for _, g := range n.guests {
			if _, _, found := registry.Lookup(g.instance.UID); found {
				known++
			}
		}
	}
	certificates := &server.Certificates{Directory: n.system.identity(handlerName), Authorities: n.system.bundle()}
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, n.address, certificates, apiClient, server.New(registry, finder, &event.Memory{}))
	}()
	n.kill = func() {
		cancel()
		if err, running := <-ended; running && err != nil {
			t.Errorf("virt-handler: %v", err)
		}
		close(ended)
		n.kill = func() {}
	}
	t.Cleanup(func() { n.kill() })
	eventually(t, "virt-handler listens", func() bool {
		conn, err := net.Dial("tcp", n.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// console takes the next connection to the guest's serial port.
func (g *guest) console(t testing.TB) net.Conn {
	t.Helper()
	conn, err := g.accept()
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (g *guest) accept() (net.Conn, error) {
	_ = g.consoles.(*net.UnixListener).SetDeadline(time.Now().Add(patience))
	conn, err := g.consoles.Accept()
	if err != nil {
		return nil, fmt.Errorf("nobody opened the console of %s: %w", g.instance.Name, err)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return conn, nil
}

// echo sends everything back that comes in over the guest's next console.
func (g *guest) echo(t testing.TB) {
	t.Helper()
	go func() {
		if conn, err := g.accept(); err == nil {
			defer conn.Close()
			_, _ = io.Copy(conn, conn)
		}
	}()
}
