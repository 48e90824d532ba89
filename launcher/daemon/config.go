// Package daemon runs libvirtd in session mode below the launcher: its
// directories, its configuration, and its process.
package daemon

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
)

// Dirs are the directories under the launcher's run directory. They are the
// homes that libvirt and QEMU look for, because the root file system is read-only.
type Dirs struct {
	// Root is the emptyDir shared with virt-handler.
	Root string
}

// Home is HOME.
func (d Dirs) Home() string { return filepath.Join(d.Root, "home") }

// Tmp is TMPDIR.
func (d Dirs) Tmp() string { return filepath.Join(d.Root, "tmp") }

// Run is XDG_RUNTIME_DIR.
func (d Dirs) Run() string { return filepath.Join(d.Root, "run") }

// Config is XDG_CONFIG_HOME.
func (d Dirs) Config() string { return filepath.Join(d.Root, "config") }

// Cache is XDG_CACHE_HOME.
func (d Dirs) Cache() string { return filepath.Join(d.Root, "cache") }

// Disks holds the disks that the launcher makes.
func (d Dirs) Disks() string { return filepath.Join(d.Root, "disks") }

// Socket is where libvirtd listens.
func (d Dirs) Socket() string { return filepath.Join(d.Run(), "libvirt", "libvirt-sock") }

// URI is what libvirt's clients connect to.
func (d Dirs) URI() string { return "qemu+unix:///session?socket=" + d.Socket() }

// Environ is the environment that finds these directories, added to base.
func (d Dirs) Environ(base []string) []string {
	return append(base,
		"HOME="+d.Home(),
		"TMPDIR="+d.Tmp(),
		"XDG_RUNTIME_DIR="+d.Run(),
		"XDG_CONFIG_HOME="+d.Config(),
		"XDG_CACHE_HOME="+d.Cache(),
		// One malloc arena for all of libvirtd's threads saves 1-2.5 MiB.
		"MALLOC_ARENA_MAX=1",
	)
}

// Create makes the directories and writes libvirtd's configuration.
func (d Dirs) Create() error {
	for _, dir := range []string{
		d.Home(), d.Tmp(), d.Run(), d.Config(), d.Cache(), d.Disks(),
		filepath.Join(d.Config(), "libvirt"),
	} {
		if err := os.MkdirAll(dir, 0o770); err != nil {
			return fmt.Errorf("creating the launcher's directories: %w", err)
		}
	}
	files := map[string]string{
		filepath.Join(d.Config(), "libvirt", "libvirtd.conf"): libvirtdConf(newUUID()),
		filepath.Join(d.Config(), "libvirt", "qemu.conf"):     qemuConf(),
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
			return fmt.Errorf("configuring libvirtd: %w", err)
		}
	}
	return nil
}

// libvirtdConf: hostUUID differs between pods, or libvirt takes a migration
// between two of them on one node for one to itself. The worker pools are small
// because there is one domain and one client.
func libvirtdConf(hostUUID string) string {
	return fmt.Sprintf(`log_outputs = "3:stderr"
auth_unix_rw = "none"
unix_sock_rw_perms = "0770"
host_uuid = "%s"
min_workers = 2
max_workers = 8
prio_workers = 2
max_clients = 32
max_client_requests = 16
admin_min_workers = 1
admin_max_workers = 2
admin_max_clients = 2
`, hostUUID)
}

// qemuConf switches off what an unprivileged container cannot or need not do:
// log daemon, cgroups, mount namespaces, ownership changes, security labels. A crashed
// guest's memory must not fill the pod's scratch space. Times in what QEMU says would
// make news of a start that fails as it did before.
func qemuConf() string {
	return `stdio_handler = "file"
cgroup_controllers = []
namespaces = []
remember_owner = 0
security_driver = "none"
security_default_confined = 0
dump_guest_core = 0
max_core = 0
log_timestamp = 0
`
}

// newUUID returns a random (version 4) UUID.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
