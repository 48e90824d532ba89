package vm

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/test/hooksidecar"
)

func TestSidecarsChangeTheFinalDomain(t *testing.T) {
	dir, err := os.MkdirTemp("", "hooks") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Mkdir(filepath.Join(dir, "hook-sidecar-0"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sidecar := hooksidecar.Sidecar{Name: "test", Versions: []string{"v1alpha2"}, HookPoints: []string{hook.OnDefineDomain}, Plugin: "user"}
	go func() { _ = sidecar.Serve(ctx, filepath.Join(dir, "hook-sidecar-0")) }()

	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "blue", Binding: &v1.PluginBinding{Name: "user"}}}
	built := &libvirtxml.Domain{Type: "qemu", Name: "ns_vm", Devices: &libvirtxml.DomainDeviceList{}}
	local := &Local{}
	if domain, err := local.final(ctx, vmi, built); err != nil || domain != built {
		t.Errorf("without sidecars: %v, %v", domain, err)
	}
	local.Sidecars = hook.Sidecars{Dir: dir, Count: 1, Log: slog.New(slog.DiscardHandler)}
	domain, err := local.final(ctx, vmi, built)
	if err != nil {
		t.Fatal(err)
	}
	if added := domain.Devices.Interfaces; len(added) != 1 || added[0].Source.User == nil {
		t.Errorf("with a sidecar: %+v", added)
	}
}

func TestSameDomain(t *testing.T) {
	const head = "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>" +
		"<name>ns_vm</name><uuid>5d307ca9-b3ef-428c-8861-06e72d69f223</uuid>"
	built := &libvirtxml.Domain{Name: "ns_vm", UUID: "5d307ca9-b3ef-428c-8861-06e72d69f223"}
	for xml, same := range map[string]bool{
		head + "<memory>1</memory></domain>": true,
		head + "<devices><interface type='user'/><filesystem><binary xattr='on'/></filesystem></devices></domain>": true,
		"<domain><name>other</name><uuid>5d307ca9-b3ef-428c-8861-06e72d69f223</uuid></domain>":                     false,
		"<domain><name>ns_vm</name><uuid>5d307ca9-b3ef-428c-8861-06e72d69f224</uuid></domain>":                     false,
		"<domain><name>ns_vm</name></domain>":                                                                      false,
		"<network/>":                                                                                               false,
		"<domain":                                                                                                  false,
		"":                                                                                                         false,
		head + "<devices><emulator>/tmp/mine</emulator></devices></domain>":                                                            false,
		head + "<qemu:commandline><qemu:arg value='-S'/></qemu:commandline></domain>":                                                  false,
		head + "<qemu:commandline><qemu:env name='LD_PRELOAD' value='/tmp/mine'/></qemu:commandline></domain>":                         false,
		head + "<devices><interface type='ethernet'><script path='/tmp/mine'/></interface></devices></domain>":                         false,
		head + "<devices><interface type='ethernet'><downscript path='/tmp/mine'/></interface></devices></domain>":                     false,
		head + "<devices><filesystem type='mount'><driver type='virtiofs'/><binary path='/tmp/mine'/></filesystem></devices></domain>": false,
	} {
		if _, err := sameDomain(built, xml); (err == nil) != same || err != nil && !errors.Is(err, ErrDomain) {
			t.Errorf("%s: %v", xml, err)
		}
	}
}

// What could be read in two ways is started as it was read here.
func TestFinalDomainIsWhatWasUnderstood(t *testing.T) {
	built := &libvirtxml.Domain{Name: "ns_vm"}
	domain, err := sameDomain(built, "<domain><name>other</name><name>ns_vm</name></domain>")
	if err != nil {
		return // refused is as good
	}
	if xml, err := domain.Marshal(); err != nil || strings.Contains(xml, "other") {
		t.Errorf("%s, %v", xml, err)
	}
}
