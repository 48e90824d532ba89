package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"kubevirt.io/kubevirt/launcher/daemon"
	"kubevirt.io/kubevirt/launcher/kvm"
	"kubevirt.io/kubevirt/launcher/libvirt"
	"kubevirt.io/kubevirt/launcher/nodefacts"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/reaper"
)

const (
	// launcherUser is who launchers are. libvirt answers for the user it runs as.
	launcherUser = 107
	// kvmDeadline: a healthy KVM needs a twentieth of it.
	kvmDeadline   = 2 * time.Second
	probeDeadline = 60 * time.Second
	// KVMCheckCommand is the launcher's subcommand that calls kvm.Try.
	KVMCheckCommand = "kvm-check"
)

// ProbeOptions say where Probe writes.
type ProbeOptions struct {
	// OutDir gets the file protocol.NodeFactsFile.
	OutDir string
	Log    *slog.Logger
}

// Probe finds out what this node can do for guests and writes it down. It runs
// as root or as the launcher's user.
func Probe(options ProbeOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), probeDeadline)
	defer cancel()
	children, err := reaper.New()
	if err != nil {
		return err
	}
	go children.Run(ctx)
	checked := make(chan protocol.KVM, 1)
	go func() { checked <- checkKVM(children) }()

	root, err := os.MkdirTemp("", "probe")
	if err != nil {
		return fmt.Errorf("making a directory for libvirtd: %w", err)
	}
	defer func() { _ = os.RemoveAll(root) }()
	dirs := daemon.Dirs{Root: root}
	if err := dirs.Create(); err != nil {
		return err
	}
	credential, err := launcherCredential(root)
	if err != nil {
		return err
	}
	libvirtd := &daemon.Daemon{Dirs: dirs, Reaper: children, Log: options.Log, Credential: credential}
	running, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() { failed <- libvirtd.Run(running) }()
	facts, err := inspect(ctx, dirs.URI(), checked, failed, options.Log)
	stop()
	if err != nil {
		return err
	}
	options.Log.Info("node inspected", "kvm", facts.KVM.Usable, "kvmReason", facts.KVM.Reason, "cpu", facts.HostCPU.Model)
	return protocol.WriteNodeFacts(options.OutDir, facts)
}

// inspect asks libvirtd, once it is up and the check of KVM has ended.
func inspect(ctx context.Context, uri string, checked <-chan protocol.KVM, failed <-chan error, log *slog.Logger) (*protocol.NodeFacts, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-failed:
			cancel(errors.Join(errors.New("libvirtd does not run"), err))
		case <-ctx.Done():
		}
	}()
	hypervisor, err := libvirt.Open(uri, "", log)
	if err != nil {
		return nil, err
	}
	go hypervisor.Run(ctx)
	var facts *protocol.NodeFacts
	err = hypervisor.Inspect(ctx, func(inspection *libvirt.Inspection) error {
		facts, err = nodefacts.Collect(inspection.Capabilities, inspection, <-checked)
		if err != nil {
			return err
		}
		facts.LibvirtVersion = version(inspection.LibvirtVersion)
		facts.QEMUVersion = version(inspection.QEMUVersion)
		return nil
	})
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = errors.Join(err, cause)
	}
	return facts, err
}

func version(number uint32) string {
	return fmt.Sprintf("%d.%d.%d", number/1000000, number/1000%1000, number%1000)
}

// launcherCredential makes libvirtd the launcher's user when this process is
// root, and gives it the directories below root.
func launcherCredential(root string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, launcherUser, launcherUser)
	})
	if err != nil {
		return nil, fmt.Errorf("giving libvirtd its directories: %w", err)
	}
	credential := &syscall.Credential{Uid: launcherUser, Gid: launcherUser}
	// Launchers get the device by the device plugin; here its group admits to it.
	var info syscall.Stat_t
	if err := syscall.Stat(kvm.Device, &info); err == nil {
		credential.Groups = []uint32{info.Gid}
	}
	return credential, nil
}

// checkKVM tries KVM in a process of its own, because one that waits for a
// broken KVM cannot be talked to any more.
func checkKVM(children *reaper.Reaper) protocol.KVM {
	if _, err := os.Stat(kvm.Device); err != nil {
		return protocol.KVM{}
	}
	found := protocol.KVM{Present: true}
	self, err := os.Executable()
	if err != nil {
		found.Reason = err.Error()
		return found
	}
	output, child, err := os.Pipe()
	if err != nil {
		found.Reason = err.Error()
		return found
	}
	defer func() { _ = output.Close() }()
	pid, exited, err := children.Start([]string{self, KVMCheckCommand}, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{nil, child, nil}})
	_ = child.Close()
	if err != nil {
		found.Reason = err.Error()
		return found
	}
	select {
	case status := <-exited:
		found.Usable = status.ExitStatus() == 0
		if !found.Usable {
			said := make([]byte, 1024)
			n, _ := output.Read(said)
			found.Reason = strings.TrimSpace(string(said[:n]))
		}
	case <-time.After(kvmDeadline):
		_ = syscall.Kill(pid, syscall.SIGKILL)
		found.Reason = fmt.Sprintf("a virtual CPU did not finish a short program within %s", kvmDeadline)
	}
	return found
}
