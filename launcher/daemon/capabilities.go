package daemon

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// CapabilitiesTemplate is what libvirt answered when it was asked about QEMU,
// without KVM, while the launcher's image was built.
const CapabilitiesTemplate = "/usr/share/kubevirt/qemu-capabilities.xml"

// installed tells where that is what libvirt's cache depends on.
var installed = struct{ kvm, daemon, drivers, qemuModules string }{
	// libvirt trusts an answer given without KVM only while it cannot open this.
	kvm:         "/dev/kvm",
	daemon:      "/usr/sbin/libvirtd",
	drivers:     "/usr/lib/*-linux-gnu/libvirt/connection-driver/*.so",
	qemuModules: "/usr/lib/*-linux-gnu/qemu",
}

var (
	emulatorElement = regexp.MustCompile(`<emulator>([^<]+)</emulator>`)
	qemuTime        = regexp.MustCompile(`<qemuctime>\d+</qemuctime>`)
	modulesTime     = regexp.MustCompile(`<qemumoddirmtime>\d+</qemumoddirmtime>`)
	selfTime        = regexp.MustCompile(`<selfctime>\d+</selfctime>`)
)

// SeedCapabilities puts the answer in template into libvirt's cache, so that
// libvirt need not start QEMU to ask it. libvirt checks that the files which
// the answer is about have not changed since, by times that every unpacking of
// the image sets anew: the present ones are filled in. An answer that it does
// not accept costs nothing, it asks again. seeded is false when there is no
// template or it does not fit this pod.
func (d Dirs) SeedCapabilities(template string) (seeded bool, err error) {
	raw, err := os.ReadFile(template)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading QEMU's known capabilities: %w", err)
	}
	if device, err := os.OpenFile(installed.kvm, os.O_RDWR, 0); err == nil {
		_ = device.Close()
		return false, nil
	}
	emulator := emulatorElement.FindSubmatch(raw)
	if emulator == nil {
		return false, fmt.Errorf("%s names no emulator", template)
	}
	filled, err := fillTimes(raw, string(emulator[1]))
	if err != nil {
		return false, fmt.Errorf("filling in QEMU's known capabilities: %w", err)
	}
	name := sha256.Sum256(emulator[1])
	dir := filepath.Join(d.Cache(), "libvirt", "qemu", "cache", "capabilities")
	if err := os.MkdirAll(dir, 0o770); err != nil {
		return false, fmt.Errorf("creating libvirt's cache: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, hex.EncodeToString(name[:])+".xml"), filled, 0o600); err != nil {
		return false, fmt.Errorf("writing libvirt's cache: %w", err)
	}
	return true, nil
}

func fillTimes(raw []byte, emulator string) ([]byte, error) {
	qemu, err := changed(emulator)
	if err != nil {
		return nil, err
	}
	// libvirt's own time is the latest of its daemon's and its drivers'.
	parts, err := filepath.Glob(installed.drivers)
	if err != nil {
		return nil, err
	}
	self := time.Time{}
	for _, part := range append(parts, installed.daemon) {
		when, err := changed(part)
		if err != nil {
			return nil, err
		}
		if when.After(self) {
			self = when
		}
	}
	raw = element(raw, qemuTime, "qemuctime", qemu)
	raw = element(raw, selfTime, "selfctime", self)
	if dirs, _ := filepath.Glob(installed.qemuModules); len(dirs) == 1 {
		info, err := os.Stat(dirs[0])
		if err != nil {
			return nil, err
		}
		raw = element(raw, modulesTime, "qemumoddirmtime", info.ModTime())
	}
	return raw, nil
}

func element(raw []byte, pattern *regexp.Regexp, name string, when time.Time) []byte {
	return pattern.ReplaceAll(raw, []byte("<"+name+">"+strconv.FormatInt(when.Unix(), 10)+"</"+name+">"))
}

// changed returns a file's ctime.
func changed(path string) (time.Time, error) {
	var info syscall.Stat_t
	if err := syscall.Stat(path, &info); err != nil {
		return time.Time{}, fmt.Errorf("looking at %s: %w", path, err)
	}
	return time.Unix(info.Ctim.Unix()), nil
}
