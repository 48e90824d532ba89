package daemon

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSeedCapabilities(t *testing.T) {
	root := t.TempDir()
	file := func(name string) string {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	former := installed
	defer func() { installed = former }()
	emulator := file("bin/qemu")
	installed.daemon = file("sbin/libvirtd")
	file("drivers/a.so")
	installed.drivers = filepath.Join(root, "drivers", "*.so")
	file("modules/m.so")
	installed.qemuModules = filepath.Join(root, "mod*")
	template := filepath.Join(root, "template.xml")
	content := fmt.Sprintf("<qemuCaps>\n<emulator>%s</emulator><qemuctime>1</qemuctime><qemumoddirmtime>2</qemumoddirmtime><selfctime>3</selfctime><flag name='vnc'/></qemuCaps>", emulator)
	if err := os.WriteFile(template, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	dirs := Dirs{Root: filepath.Join(root, "run")}
	installed.kvm = template
	if seeded, err := dirs.SeedCapabilities(template); seeded || err != nil {
		t.Errorf("an answer given without KVM is used where KVM can be opened: %v, %v", seeded, err)
	}
	installed.kvm = filepath.Join(root, "none")
	seeded, err := dirs.SeedCapabilities(template)
	if err != nil {
		t.Fatal(err)
	}
	if !seeded {
		t.Fatal("not seeded")
	}
	name := sha256.Sum256([]byte(emulator))
	raw, err := os.ReadFile(filepath.Join(dirs.Cache(), "libvirt/qemu/cache/capabilities", hex.EncodeToString(name[:])+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{">1<", ">2<", ">3<"} {
		if strings.Contains(string(raw), old) {
			t.Errorf("a time was left as it was: %s", raw)
		}
	}
	if !strings.Contains(string(raw), "<flag name='vnc'/>") {
		t.Errorf("the answer itself is gone: %s", raw)
	}
}

func TestSeedCapabilitiesWithoutTemplate(t *testing.T) {
	dirs := Dirs{Root: t.TempDir()}
	if seeded, err := dirs.SeedCapabilities(filepath.Join(dirs.Root, "none")); seeded || err != nil {
		t.Errorf("seeded %v, %v", seeded, err)
	}
}

func TestCreate(t *testing.T) {
	dirs := Dirs{Root: t.TempDir()}
	read := func() string {
		t.Helper()
		if err := dirs.Create(); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dirs.Config(), "libvirt", "libvirtd.conf"))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	first, second := read(), read()
	if first == second || !strings.Contains(first, "host_uuid = \"") {
		t.Errorf("two pods would share a host UUID: %s", first)
	}
	for _, dir := range []string{dirs.Home(), dirs.Tmp(), dirs.Run(), dirs.Cache(), dirs.Disks()} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestWithoutTime(t *testing.T) {
	for line, want := range map[string]string{
		"2026-11-21 05:03:45.758+0000: 18: error : virHostCPUGetMSRFromKVM:1341 : Unable to open /dev/kvm": "error : virHostCPUGetMSRFromKVM:1341 : Unable to open /dev/kvm",
		"setlocale: No such file or directory": "setlocale: No such file or directory",
		" ":                                    "",
	} {
		if got := withoutTime(line); got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
}
