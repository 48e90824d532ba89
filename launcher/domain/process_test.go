//go:build process

package domain

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/golden"
)

// daemon is a libvirtd in session mode, as another user and in a network
// namespace of its own that has the tap devices.
type daemon struct {
	dir     string
	command *exec.Cmd
}

const qemuConf = `stdio_handler = "file"
cgroup_controllers = []
namespaces = []
remember_owner = 0
security_driver = "none"
security_default_confined = 0
`

// rootVariable names the unpacked root of a launcher image, whose libvirtd is then
// used instead of this machine's.
const rootVariable = "LAUNCHER_ROOT"

// user is who libvirtd and QEMU are.
const user = "107"

// inside prepares a small world of its own for libvirtd: $0 is its directory, $1
// the root to run in.
const inside = `
root=${1:-/}
if [ -n "$1" ]; then
	root=$0/root; mkdir "$root" "$0/layer"
	mount -t tmpfs tmpfs "$0/layer"; mkdir "$0/layer/upper" "$0/layer/work"
	mount -t overlay -o "lowerdir=$1,upperdir=$0/layer/upper,workdir=$0/layer/work" overlay "$root"
	mkdir -p "$root$0"; mount --bind "$0" "$root$0"
	echo "127.0.0.1 $(hostname)" >"$root/etc/hosts" # as the kubelet does
	mount -t tmpfs tmpfs "$root/dev"
	for d in 3:null 5:zero 8:random 9:urandom; do mknod -m 666 "$root/dev/${d#*:}" c 1 "${d%:*}"; done
	mkdir "$root/dev/net" "$root/dev/shm"
else
	echo "root:x:0:0::/root:/bin/sh
qemu:x:107:107::/:/bin/sh" >"$0/passwd"
	mount --bind "$0/passwd" /etc/passwd
	mount -t tmpfs tmpfs /dev/net
fi
[ "$root" = / ] || { mount --bind /proc "$root/proc"; mount --bind /sys "$root/sys"; }
mknod -m 666 "$root/dev/net/tun" c 10 200
if [ -e /dev/kvm ] && [ -n "$1" ]; then mknod -m 666 "$root/dev/kvm" c 10 232; fi
ip link set lo up
ip tuntap add tap0 mode tap user 107 vnet_hdr
ip link set tap0 mtu 1450 up
ip tuntap add tap1 mode tap user 107 vnet_hdr multi_queue
groups=107
if [ -e /dev/kvm ]; then groups=107,$(stat -c %g /dev/kvm); fi
exec chroot --userspec=107:107 --groups="$groups" "$root" /usr/sbin/libvirtd --timeout 0
`

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	for _, program := range []string{"libvirtd", "virsh", "qemu-system-x86_64", "qemu-img", "unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("not on this machine: %s", program)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("starting libvirtd as another user needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "d") // short, because the path of a unix socket is
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{dir: dir}
	must(t, "chmod", "755", dir)
	for _, sub := range []string{"home", "run", "config/libvirt", "cache", "tmp", "vm/image"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config/libvirt/qemu.conf"), []byte(qemuConf), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "chown", "-R", user, dir)
	d.command = exec.Command("unshare", "--net", "--mount", "sh", "-ec", inside, dir, os.Getenv(rootVariable))
	d.command.Env = d.environ()
	var log bytes.Buffer
	d.command.Stderr = &log
	if err := d.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.command.Process.Kill()
		_ = d.command.Wait()
		_ = os.RemoveAll(dir)
		if t.Failed() {
			t.Logf("libvirtd: %s", log.String())
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := d.virsh("version"); err == nil {
			return d
		} else if time.Now().After(deadline) {
			t.Fatalf("libvirtd does not answer: %v\n%s", err, log.String())
		}
	}
}

func (d *daemon) environ() []string {
	return append(os.Environ(), "HOME="+d.dir+"/home", "XDG_RUNTIME_DIR="+d.dir+"/run",
		"XDG_CONFIG_HOME="+d.dir+"/config", "XDG_CACHE_HOME="+d.dir+"/cache", "TMPDIR="+d.dir+"/tmp")
}

func (d *daemon) virsh(arguments ...string) (string, error) {
	command := exec.Command("virsh", append([]string{"-q", "-c", "qemu+unix:///session?socket=" + d.dir + "/run/libvirt/libvirt-sock"}, arguments...)...)
	command.Env = d.environ()
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("virsh %s: %w: %s", strings.Join(arguments, " "), err, bytes.TrimSpace(output))
	}
	return string(output), nil
}

// version is libvirt's major version.
func (d *daemon) version(t *testing.T) int {
	t.Helper()
	output, err := d.virsh("version", "--daemon")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(output, "Running against daemon: ")
	major, err := strconv.Atoi(strings.Split(text, ".")[0])
	if !found || err != nil {
		t.Fatalf("libvirt's version: %q", output)
	}
	return major
}

func must(t *testing.T, program string, arguments ...string) {
	t.Helper()
	if output, err := exec.Command(program, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", program, arguments, err, output)
	}
}

// startAll starts every case. It takes minutes, and some cases need KVM.
var startAll = flag.Bool("start-all", false, "start all domains, not only a choice of them")

// started are the cases that are also started, paused, under emulation: together
// they have each kind of device, firmware and controller at least once.
var started = []string{
	"build/typical-emulated", "build/least", "placement/root-complex", "placement/many-disks",
	"disk/buses", "disk/cdrom-empty", "disk/transitional", "disk/iothreads-dedicated", "disk/block-size",
	"network/model-e1000e", "network/boot-order", "network/multiqueue-emulated", "loader/efi", "loader/efi-secure", "topology/room-to-grow",
	"model/emulated-named", "features/kvm-hidden", "clock/timers", "graphics/virtio", "sound/ac97", "input/usb",
	"usb/redirection",
}

// newerThan names the libvirt, as a major version, that a case needs at least.
var newerThan = map[string]int{
	"acpi/tables": 11, "disk/block-size": 11, "disk/iothreads-pool": 10, "hyperv/all": 11, "hyperv/off": 11, "panic/models": 10,
}

// TestRealLibvirtAcceptsEveryDomain defines the whole domain of every case, and
// starts some of them.
func TestRealLibvirtAcceptsEveryDomain(t *testing.T) {
	d := startDaemon(t)
	version := d.version(t)
	withKVM := false
	if _, err := d.virsh("domcapabilities", "--virttype", "kvm"); err == nil {
		withKVM = true
	}
	for _, dir := range golden.Cases(t, "testdata", "vmi.yaml") {
		name, err := filepath.Rel("testdata", dir)
		if err != nil {
			t.Fatal(err)
		}
		vmi := readVMI(t, dir)
		if guest := vmi.Spec.Domain.GuestMemory(); guest.IsZero() {
			guest = resource.MustParse("64Mi")
			vmi.Spec.Domain.Memory = &v1.Memory{Guest: &guest}
		}
		if _, err := os.Stat(filepath.Join(dir, "error.txt")); err == nil {
			continue
		}
		host := preparedHost(vmi, d.dir+"/vm")
		for _, disk := range vmi.Spec.Domain.Devices.Disks {
			switch source := host.Disks[disk.Name]; {
			case disk.LUN != nil:
				host.Disks[disk.Name] = Disk{Path: "/dev/" + disk.Name, Format: "raw", Block: true, DirectIO: true}
			case disk.Shareable != nil && *disk.Shareable:
				source.Format, source.Backing = "raw", nil
				host.Disks[disk.Name] = source
			}
		}
		if several := vmi.Spec.Domain.Devices.NetworkInterfaceMultiqueue; several != nil && *several {
			for network := range host.Interfaces {
				host.Interfaces[network] = Interface{Tap: "tap1", MTU: 1450}
			}
		}
		t.Run(name, func(t *testing.T) {
			if version < newerThan[name] || version < 11 && strings.Contains(name, "passt") {
				t.Skipf("libvirt %d is too old for it", version)
			}
			if _, err := exec.LookPath("swtpm"); err != nil && os.Getenv(rootVariable) == "" && strings.HasPrefix(name, "tpm/default") {
				t.Skip("libvirt refuses a TPM without swtpm")
			}
			if withKVM {
				d.define(t, vmi, host)
			}
			host.Emulation, host.TranslationCacheMiB = true, 32
			d.define(t, vmi, host)
			if *startAll || slices.Contains(started, name) {
				d.start(t, vmi, host)
			}
		})
	}
}

func (d *daemon) define(t *testing.T, vmi *v1.VirtualMachineInstance, host Host) {
	t.Helper()
	domain, err := Build(vmi, host)
	if err != nil {
		t.Fatal(err)
	}
	document, err := domain.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.dir, "domain.xml")
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"define", path}
	if os.Getenv(rootVariable) == "" { // an image has no schemas
		arguments = append(arguments, "--validate")
	}
	if _, err := d.virsh(arguments...); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	if _, err := d.virsh("undefine", domain.Name, "--nvram"); err != nil {
		t.Error(err)
	}
}

func (d *daemon) start(t *testing.T, vmi *v1.VirtualMachineInstance, host Host) {
	t.Helper()
	for _, disk := range host.Disks {
		if disk.Backing != nil {
			must(t, "qemu-img", "create", "-q", "-f", disk.Backing.Format, disk.Backing.Path, "16M")
			must(t, "qemu-img", "create", "-q", "-f", disk.Format, "-b", disk.Backing.Path, "-F", disk.Backing.Format, disk.Path)
		} else {
			must(t, "qemu-img", "create", "-q", "-f", disk.Format, disk.Path, "16M")
		}
	}
	must(t, "chown", "-R", user, d.dir+"/vm")
	if _, err := d.virsh("create", "--paused", filepath.Join(d.dir, "domain.xml")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.virsh("destroy", Name(vmi)); err != nil {
		t.Error(err)
	}
}
