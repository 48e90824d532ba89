package volumes

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// iscsi is the kind of volumes that are LUNs of the cluster's iSCSI target.
const iscsi = "iscsi"

// Names of files by which a volume's parts are told apart, and the variable
// that names the socket of the iSCSI target to its programs.
const (
	DeviceSuffix    = ".dev"
	LUNSuffix       = ".lun"
	ControlVariable = "TGT_IPC_SOCKET"
)

// target is the iSCSI target by its control socket.
type target struct{ control string }

// makeLUN makes the volume as a LUN; the file with its target's name is what
// the nodes' initiators look for.
func (d disk) makeLUN(t target, size int64) error {
	if _, err := d.makeImage(size); err != nil {
		return err
	}
	if err := t.serve(d.name, d.image()); err != nil {
		return err
	}
	if err := os.WriteFile(d.lun(), []byte(qualified(d.name)), 0o644); err != nil {
		return fmt.Errorf("announcing a LUN: %w", err)
	}
	return nil
}

func qualified(name string) string { return "iqn.2000-01.test.cluster:" + name }

// serve offers the file as LUN 1 of a target of that name, to everybody.
func (t target) serve(name, file string) error {
	targets, err := t.list()
	if err != nil || targets[qualified(name)] != "" {
		return err
	}
	free := 1
	for _, taken := range targets {
		var number int
		if _, err := fmt.Sscan(taken, &number); err == nil {
			free = max(free, number+1)
		}
	}
	tid := fmt.Sprint(free)
	for _, step := range [][]string{
		{"--mode=target", "--op=new", "--tid=" + tid, "--targetname=" + qualified(name)},
		{"--mode=logicalunit", "--op=new", "--tid=" + tid, "--lun=1", "--backing-store=" + file},
		{"--mode=target", "--op=bind", "--tid=" + tid, "--initiator-address=ALL"},
	} {
		if _, err := t.admin(step...); err != nil {
			return errors.Join(err, t.forget(name))
		}
	}
	return nil
}

// forget ends the sessions of a target and removes it.
func (t target) forget(name string) error {
	targets, err := t.list()
	if err != nil {
		return err
	}
	tid := targets[qualified(name)]
	if tid == "" {
		return nil
	}
	_, err = t.admin("--mode=target", "--op=delete", "--force", "--tid="+tid)
	return err
}

// list returns the number of every target by its name.
func (t target) list() (map[string]string, error) {
	out, err := t.admin("--mode=target", "--op=show")
	if err != nil {
		return nil, err
	}
	targets := map[string]string{}
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, "Target "); ok {
			number, name, _ := strings.Cut(strings.TrimSpace(rest), ": ")
			targets[name] = number
		}
	}
	return targets, nil
}

func (t target) admin(args ...string) (string, error) {
	cmd := exec.Command("/usr/sbin/tgtadm", append([]string{"--lld=iscsi"}, args...)...)
	cmd.Env = append(os.Environ(), ControlVariable+"="+t.control)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tgtadm %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
