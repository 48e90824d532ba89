// Package initiator attaches a node to the LUNs of the cluster's iSCSI target.
// The kernel here has no initiator, but QEMU's block layer is one: it shows a
// LUN as a file, and a loop device makes a block device of that.
package initiator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/volumes"
)

// files is the directory of the LUNs as files.
const files = "/run/cluster-luns"

// agent is a node's initiator with its sessions by the name of the volume.
type agent struct {
	portal, name string
	sessions     map[string]*session
}

// session is one login to a LUN.
type session struct {
	daemon *exec.Cmd
	// ended is closed when the daemon has ended.
	ended chan struct{}
	// device keeps the loop device while the session lives.
	device *os.File
}

// Run keeps the node attached to every LUN there is until ctx is done.
func Run(ctx context.Context, c *settings.Cluster, n settings.Node) error {
	if err := os.MkdirAll(files, 0o755); err != nil {
		return fmt.Errorf("making the directory of LUNs: %w", err)
	}
	a := &agent{portal: c.ISCSIPortal(), name: "iqn.2000-01.test.cluster:" + n.Name, sessions: map[string]*session{}}
	for ctx.Err() == nil {
		pause := 200 * time.Millisecond
		if err := a.sync(); err != nil {
			fmt.Fprintln(os.Stderr, "initiator:", err)
			pause = 2 * time.Second
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	for name := range a.sessions {
		a.logout(name)
	}
	return nil
}

// sync logs in to the LUNs that the provisioner announces and out of all
// others.
func (a *agent) sync() error {
	announced, err := filepath.Glob(filepath.Join(settings.VolumesOnNode, "*"+volumes.LUNSuffix))
	if err != nil {
		return fmt.Errorf("looking for LUNs: %w", err)
	}
	wanted := map[string]bool{}
	var problems []error
	for _, path := range announced {
		name := strings.TrimSuffix(filepath.Base(path), volumes.LUNSuffix)
		wanted[name] = true
		if s := a.sessions[name]; s != nil && !s.over() {
			continue
		}
		a.logout(name)
		target, err := os.ReadFile(path)
		if err == nil {
			err = a.login(name, string(target))
		}
		if err != nil {
			a.logout(name)
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	for name := range a.sessions {
		if !wanted[name] {
			a.logout(name)
		}
	}
	return errors.Join(problems...)
}

// login attaches the LUN and makes its device.
func (a *agent) login(name, target string) error {
	file := filepath.Join(files, name)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return fmt.Errorf("making the file of a LUN: %w", err)
	}
	s := &session{ended: make(chan struct{}), daemon: exec.Command("/usr/bin/qemu-storage-daemon",
		"--blockdev", "driver=iscsi,node-name=lun,transport=tcp,cache.direct=on,portal="+a.portal+
			",target="+target+",lun=1,initiator-name="+a.name,
		"--export", "type=fuse,id=file,node-name=lun,writable=on,mountpoint="+file)}
	s.daemon.Stdout, s.daemon.Stderr = os.Stdout, os.Stderr
	if err := s.daemon.Start(); err != nil {
		return fmt.Errorf("starting the initiator: %w", err)
	}
	a.sessions[name] = s
	go func() { _ = s.daemon.Wait(); close(s.ended) }()
	if err := s.wait(file); err != nil {
		return err
	}
	device, err := volumes.Hold(file)
	if err != nil {
		return err
	}
	s.device = device
	return volumes.Name(device.Name(), filepath.Join(settings.DevicesOnNode, name+volumes.DeviceSuffix))
}

// wait waits for the LUN to show as the file, which is empty without it.
func (s *session) wait(file string) error {
	for range 200 {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			return nil
		}
		if s.over() {
			return errors.New("logging in: the initiator has ended")
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("logging in: no answer in 10 s")
}

func (s *session) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// logout ends the session of that volume, if there is one.
func (a *agent) logout(name string) {
	s := a.sessions[name]
	if s == nil {
		return
	}
	delete(a.sessions, name)
	device := filepath.Join(settings.DevicesOnNode, name+volumes.DeviceSuffix)
	if err := volumes.Detach(device); err != nil {
		fmt.Fprintln(os.Stderr, "initiator:", err)
	}
	_ = os.Remove(device)
	if s.device != nil {
		s.device.Close()
	}
	_ = s.daemon.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
	case <-time.After(2 * time.Second):
		_ = s.daemon.Process.Kill()
		<-s.ended
	}
	_ = os.Remove(filepath.Join(files, name))
}
