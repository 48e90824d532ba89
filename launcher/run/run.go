// Package run puts the launcher's parts together: the process that is first in
// a guest's pod.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"kubevirt.io/kubevirt/launcher/daemon"
	"kubevirt.io/kubevirt/launcher/filesystem"
	"kubevirt.io/kubevirt/launcher/footprint"
	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/launcher/libvirt"
	"kubevirt.io/kubevirt/launcher/passt"
	"kubevirt.io/kubevirt/launcher/reaper"
	"kubevirt.io/kubevirt/launcher/server"
	"kubevirt.io/kubevirt/launcher/vm"
)

// SocketName is the launcher's socket within its run directory.
const SocketName = "launcher.sock"

// Options of a launcher.
type Options struct {
	Identity server.Identity
	// Grace is how long the guest may take to shut down.
	Grace time.Duration
	// RunDir is the directory shared with the handler.
	RunDir string
	// SecretsDir holds the mounted Secrets with cloud-init data and access credentials.
	SecretsDir string
	// ConfigDir holds the volumes whose files the kubelet brings.
	ConfigDir string
	// ResolvConf is the pod's resolv.conf.
	ResolvConf string
	// HooksDir has a directory for each hook sidecar, HookSidecars is how many there are.
	HooksDir     string
	HookSidecars int
	// Capabilities is the image's answer to libvirt's questions about QEMU.
	Capabilities string
	// LibvirtURI replaces the launcher's own libvirtd; for tests.
	LibvirtURI string
	Log        *slog.Logger
}

// lastWords is how long the answer to the releasing request may take to leave.
const lastWords = 50 * time.Millisecond

// Run runs the launcher until its guest has ended and returns its exit code.
func Run(options Options) (int, error) {
	// Registered first, so that an early SIGTERM is not lost.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	footprint.Limit()
	dirs := daemon.Dirs{Root: options.RunDir}
	if err := dirs.Create(); err != nil {
		return 1, err
	}
	if err := os.Setenv("TMPDIR", dirs.Tmp()); err != nil {
		return 1, fmt.Errorf("setting the directory for temporary files: %w", err)
	}
	// libvirtd is to find the launcher's own way of starting a program first.
	if err := os.Setenv("PATH", passt.Dir+":"+os.Getenv("PATH")); err != nil {
		return 1, fmt.Errorf("setting where programs are: %w", err)
	}
	children, err := reaper.New()
	if err != nil {
		return 1, err
	}
	go children.Run(ctx)
	uri, stopDaemon, err := startDaemon(ctx, options, dirs, children)
	if err != nil {
		return 1, err
	}
	defer stopDaemon()
	hypervisor, err := libvirt.Open(uri, options.Identity.Namespace+"_"+options.Identity.Name, options.Log)
	if err != nil {
		return 1, err
	}
	go hypervisor.Run(ctx)
	go warm(ctx, hypervisor, options.Log)

	filesystems := &filesystem.Servers{Dir: filepath.Join(options.RunDir, "filesystems"), Reaper: children, Log: options.Log}
	machine := vm.New(vm.Options{
		Hypervisor: hypervisor,
		Preparer: &vm.Local{
			RunDir: options.RunDir, DisksDir: dirs.Disks(), SecretsDir: options.SecretsDir, ConfigDir: options.ConfigDir,
			ResolvConf: options.ResolvConf, Log: options.Log,
			Sidecars:    hook.Sidecars{Dir: options.HooksDir, Count: options.HookSidecars, Log: options.Log},
			Filesystems: filesystems,
		},
		Grace: options.Grace, Log: options.Log,
	})
	filesystems.Lost = machine.FilesystemLost
	go machine.Run(ctx)
	go trim(ctx, machine, options.Log)

	listener, err := server.Listen(filepath.Join(options.RunDir, SocketName))
	if err != nil {
		return 1, err
	}
	serving := make(chan error, 1)
	go func() { serving <- server.New(options.Identity, machine, options.Log).Serve(ctx, listener) }()
	options.Log.Info("launcher ready")
	return wait(options, machine, signals, serving)
}

// wait returns when the machine says so.
func wait(options Options, machine *vm.Machine, signals <-chan os.Signal, serving <-chan error) (int, error) {
	for {
		select {
		case s := <-signals:
			options.Log.Info("stopping", "signal", s.String(), "graceSeconds", options.Grace.Seconds())
			machine.Terminate()
		case err := <-serving:
			return 1, errors.Join(errors.New("the launcher's socket is gone"), err)
		case code := <-machine.Done():
			time.Sleep(lastWords)
			options.Log.Info("launcher exits", "code", code)
			return code, nil
		}
	}
}

// startDaemon starts libvirtd and returns where it listens.
func startDaemon(ctx context.Context, options Options, dirs daemon.Dirs, children *reaper.Reaper) (uri string, stop func(), err error) {
	if options.LibvirtURI != "" {
		return options.LibvirtURI, func() {}, nil
	}
	if seeded, err := dirs.SeedCapabilities(options.Capabilities); err != nil {
		options.Log.Info("libvirt has to ask QEMU itself", "err", err.Error())
	} else if seeded {
		options.Log.Info("libvirt knows QEMU from the image")
	}
	libvirtd := &daemon.Daemon{Dirs: dirs, Reaper: children, Log: options.Log}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := libvirtd.Run(ctx); err != nil {
			options.Log.Error("libvirtd does not run", "err", err.Error())
		}
	}()
	return dirs.URI(), func() { cancel(); <-ended }, nil
}

// warm has libvirt look at QEMU while the pod's network is being set up.
func warm(ctx context.Context, hypervisor *libvirt.Hypervisor, log *slog.Logger) {
	began := time.Now()
	if err := hypervisor.Warm(ctx); err != nil {
		if ctx.Err() == nil {
			log.Info("libvirt could not look at QEMU in advance", "err", err.Error())
		}
		return
	}
	log.Info("libvirt ready", "millis", time.Since(began).Milliseconds())
}

// trimDelay after the guest's start everything that starting needs has run.
const trimDelay = 5 * time.Second

// trim makes the launcher small once its guest runs.
func trim(ctx context.Context, machine *vm.Machine, log *slog.Logger) {
	changed, stop := machine.Watch()
	defer stop()
	for !machine.Snapshot().Status.State.Alive() {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(trimDelay):
	}
	if err := footprint.Trim(); err != nil {
		log.Info("memory not given back", "err", err.Error())
	}
}
