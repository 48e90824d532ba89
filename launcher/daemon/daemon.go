package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/reaper"
)

const (
	restartPauseMin = 50 * time.Millisecond
	restartPauseMax = 5 * time.Second
	// A libvirtd that lived this long did not fail by itself at start.
	settled = 10 * time.Second
)

// Daemon is libvirtd's process, started anew whenever it ends.
type Daemon struct {
	Dirs   Dirs
	Reaper *reaper.Reaper
	Log    *slog.Logger
	// Credential to run as; nil for the launcher's own.
	Credential *syscall.Credential
}

// Run keeps libvirtd running until ctx ends, then kills it: by then it has no
// domain whose state it would have to save, and the pod waits for nothing else.
func (d *Daemon) Run(ctx context.Context) error {
	path, err := exec.LookPath("libvirtd")
	if err != nil {
		path = "/usr/sbin/libvirtd"
	}
	pause := restartPauseMin
	for {
		began := time.Now()
		if err := d.once(ctx, path); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > settled {
			pause = restartPauseMin
		}
		d.Log.Error("libvirtd ended, starting it again")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, restartPauseMax)
	}
}

// once runs libvirtd until it ends or ctx does.
func (d *Daemon) once(ctx context.Context, path string) error {
	output, err := jsonlog.Lines(d.Log, "libvirt", withoutTime)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("starting libvirtd: %w", err)
	}
	defer func() { _ = null.Close() }()
	// A pid file that QEMU or an earlier libvirtd left does no harm: libvirtd locks it.
	pid, exited, err := d.Reaper.Start([]string{path, "--timeout", "0"}, &os.ProcAttr{
		Dir:   d.Dirs.Home(),
		Env:   d.Dirs.Environ(os.Environ()),
		Files: []*os.File{null, output, output},
		Sys:   &syscall.SysProcAttr{Credential: d.Credential},
	})
	if err != nil {
		return err
	}
	_ = output.Close()
	select {
	case status := <-exited:
		d.Log.Info("libvirtd exited", "status", status.ExitStatus(), "signal", status.Signal().String())
	case <-ctx.Done():
		_ = syscall.Kill(pid, syscall.SIGKILL)
		<-exited
	}
	return nil
}

// logPrefix is the time and thread that libvirt puts before each line.
var logPrefix = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+\d{4}: \d+: `)

func withoutTime(line string) string {
	return strings.TrimSpace(logPrefix.ReplaceAllString(line, ""))
}
