package disk

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/handler/process"
)

const podUID = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"

// TestMain lets the test binary play a container: a process with a mount
// namespace and a root directory of its own, that serves a socket.
func TestMain(m *testing.M) {
	if socket := os.Getenv("TEST_CONTAINER_SOCKET"); socket != "" {
		container(socket, strings.Fields(os.Getenv("TEST_CONTAINER_FILES")))
		return
	}
	os.Exit(m.Run())
}

// container makes an empty file system that only it can see, with the listed
// files in it ("path", "path->target", "directory/" or "device#"), and makes that its
// root.
func container(socket string, files []string) {
	root := filepath.Dir(socket)
	listener, err := net.Listen("unix", socket)
	must(err)
	must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(unix.Mount("tmpfs", root, "tmpfs", 0, ""))
	must(unix.Chroot(root))
	must(os.Chdir("/"))
	for _, file := range files {
		path, target, link := strings.Cut(file, "->")
		must(os.MkdirAll(filepath.Dir(path), 0o755))
		switch {
		case link:
			must(os.Symlink(target, path))
		case strings.HasSuffix(path, "/"):
			must(os.MkdirAll(path, 0o755))
		case strings.HasSuffix(path, "#"):
			must(unix.Mknod(strings.TrimSuffix(path, "#"), unix.S_IFBLK|0o660, int(unix.Mkdev(7, 0))))
		default:
			must(os.WriteFile(path, []byte("content of "+path), 0o440))
		}
	}
	fmt.Println("serving")
	go func() {
		for {
			if _, err := listener.Accept(); err != nil {
				return
			}
		}
	}()
	_, _ = os.Stdin.Read(make([]byte, 1))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// start runs a container that serves a socket with the given name.
func start(t *testing.T, node nodetest.Node, directory, name string, files ...string) (*process.Process, func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mount namespaces need root")
	}
	must(os.MkdirAll(directory, 0o755))
	socket := filepath.Join(directory, name)
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "TEST_CONTAINER_SOCKET="+socket, "TEST_CONTAINER_FILES="+strings.Join(files, " "))
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	must(err)
	output, err := command.StdoutPipe()
	must(err)
	must(command.Start())
	stop := func() { _ = input.Close(); _ = command.Wait() }
	t.Cleanup(stop)
	if _, err := io.ReadFull(output, make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	node.Own(t, command.Process.Pid, podUID)
	conn, served, err := process.Connect(t.Context(), node.Cgroups, socket, podUID)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	t.Cleanup(served.Close)
	return served, stop
}

func inside(p *process.Process, path string) string {
	return fmt.Sprintf("/proc/%d/root%s", p.PID, path)
}

// shortTemp is a directory whose sockets have short paths.
func shortTemp(t *testing.T) string {
	directory, err := os.MkdirTemp("", "kv")
	must(err)
	t.Cleanup(func() { os.RemoveAll(directory) })
	return directory
}

func withDisk(path string) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Volumes = []v1.Volume{
		{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "x", Path: path}}},
		{Name: "scratch", VolumeSource: v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{}}},
	}
	return vmi
}

func TestImageVolumeIsUsedWhereItIs(t *testing.T) {
	node := nodetest.New(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", "/run/kubevirt-images/root/disk/x.qcow2", "/var/run->/run")
	volumes, err := Resolve(t.Context(), withDisk(""), Pod{UID: podUID, Launcher: launcher, Cgroups: node.Cgroups})
	if err != nil {
		t.Fatal(err)
	}
	if len(volumes) != 1 || volumes[0].Name != "root" || volumes[0].Path != "/var/run/kubevirt-images/root" {
		t.Errorf("volumes are %v", volumes)
	}
}

func TestContainerDiskIsSharedReadOnly(t *testing.T) {
	node := nodetest.New(t)
	sockets := shortTemp(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", "/var/run/kubevirt/launcher.sock")
	_, stop := start(t, node, sockets, "root.sock", "/disk/x.qcow2", "/disk/sub/y", "/etc/passwd")
	pod := Pod{UID: podUID, Launcher: launcher, Sockets: sockets, Cgroups: node.Cgroups}
	for range 2 { // a second time must change nothing
		volumes, err := Resolve(t.Context(), withDisk(""), pod)
		if err != nil {
			t.Fatal(err)
		}
		if len(volumes) != 1 || volumes[0].Path != "/var/run/kubevirt/container-disks/root.img" {
			t.Errorf("volumes are %v", volumes)
		}
	}
	seen := inside(launcher, "/var/run/kubevirt/container-disks/root.img")
	if content, err := os.ReadFile(seen); err != nil || string(content) != "content of /disk/x.qcow2" {
		t.Errorf("read %q, %v", content, err)
	}
	if file, err := os.OpenFile(seen, os.O_WRONLY, 0); err == nil {
		file.Close()
		t.Error("it can be written to")
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", launcher.PID))
	must(err)
	if n := strings.Count(string(mounts), "container-disks/root.img"); n != 1 {
		t.Errorf("mounted %d times in the launcher", n)
	}
	own, err := os.ReadFile("/proc/self/mountinfo")
	must(err)
	if strings.Contains(string(own), "root.img") {
		t.Error("the mount is visible on the node")
	}

	stop()
	if content, err := os.ReadFile(seen); err != nil || string(content) != "content of /disk/x.qcow2" {
		t.Errorf("after the container disk's end: %q, %v", content, err)
	}
}

// What the launcher's user has put into its run directory leads nobody elsewhere.
func TestContainerDiskBesideLinks(t *testing.T) {
	const directory = "/var/run/kubevirt/container-disks"
	for name, files := range map[string][]string{
		"a link for the directory": {directory + "->/etc", "/etc/"},
		"a link for the place":     {directory + "/root.img->/etc/root.img", "/etc/"},
	} {
		node := nodetest.New(t)
		sockets := shortTemp(t)
		launcher, _ := start(t, node, shortTemp(t), "launcher.sock", append(files, "/var/run/kubevirt/launcher.sock")...)
		start(t, node, sockets, "root.sock", "/disk/x.qcow2")
		pod := Pod{UID: podUID, Launcher: launcher, Sockets: sockets, Cgroups: node.Cgroups}
		if volumes, err := Resolve(t.Context(), withDisk(""), pod); err == nil {
			t.Errorf("%s: volumes are %v", name, volumes)
		}
		if entries, err := os.ReadDir(inside(launcher, "/etc")); err != nil || len(entries) != 0 {
			t.Errorf("%s: made %v, %v", name, entries, err)
		}
	}
}

func TestSocketOfAnotherPodIsRefused(t *testing.T) {
	node := nodetest.New(t)
	sockets := shortTemp(t)
	launcher, _ := start(t, node, shortTemp(t), "launcher.sock", "/var/run/kubevirt/launcher.sock")
	stranger, _ := start(t, node, sockets, "root.sock", "/disk/x.qcow2")
	node.Own(t, stranger.PID, "11111111-2222-3333-4444-555555555555")
	_, err := Resolve(t.Context(), withDisk(""), Pod{UID: podUID, Launcher: launcher, Sockets: sockets, Cgroups: node.Cgroups})
	if err == nil || !strings.Contains(err.Error(), "served by pod 11111111") {
		t.Errorf("error is %v", err)
	}
}

func TestLocate(t *testing.T) {
	cases := []struct {
		name, path, want, err string
		files                 []string
	}{
		{name: "the only file", files: []string{"disk/a.img", "disk/lost+found/x", "etc/x"}, want: "disk/a.img"},
		{name: "two files", files: []string{"disk/a", "disk/b"}, err: "more than one file"},
		{name: "no file", files: []string{"disk/sub/a"}, err: "no file"},
		{name: "no directory", files: []string{"etc/a"}, err: "no directory"},
		{name: "a path", path: "/images/a", files: []string{"images/a", "disk/b", "disk/c"}, want: "images/a"},
		{name: "a path to nowhere", path: "/images/b", files: []string{"images/a"}, err: "no such file"},
		{name: "a path to a directory", path: "/images", files: []string{"images/a"}, err: "not a regular file"},
		{name: "a path upwards stays inside", path: "../../../../a", files: []string{"a"}, want: "a"},
		{name: "an absolute link stays inside", path: "/link", files: []string{"etc/passwd", "link->/etc/passwd"}, want: "etc/passwd"},
		{name: "a link upwards stays inside", files: []string{"secret", "disk/a->../../../../secret"}, want: "secret"},
		{name: "a link to nowhere", path: "/link", files: []string{"link->/etc/shadow"}, err: "no such file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			directory := t.TempDir()
			for _, file := range c.files {
				path, target, link := strings.Cut(file, "->")
				path = filepath.Join(directory, path)
				must(os.MkdirAll(filepath.Dir(path), 0o755))
				if link {
					must(os.Symlink(target, path))
				} else {
					must(os.WriteFile(path, []byte(file), 0o644))
				}
			}
			root, err := os.Open(directory)
			must(err)
			defer root.Close()
			found, err := locate(root, c.path)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error is %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer found.Close()
			content, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", found.Fd()))
			if err != nil || string(content) != c.want {
				t.Errorf("found %q, %v", content, err)
			}
		})
	}
}
