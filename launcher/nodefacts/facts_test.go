package nodefacts

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/launcher/protocol"
)

const hostXML = `<capabilities>
  <host>
    <cpu>
      <arch>x86_64</arch>
      <model>EPYC-Rome</model>
      <vendor>AMD</vendor>
      <counter name='tsc' frequency='2596118000' scaling='yes'/>
      <feature name='x2apic'/>
      <feature name='invtsc'/>
    </cpu>
  </host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='i686'><machine maxCpus='255'>pc-i440fx-10.0</machine></arch>
  </guest>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <machine maxCpus='4096'>pc-q35-10.0</machine>
      <machine canonical='pc-q35-10.0' maxCpus='4096'>q35</machine>
      <machine maxCpus='255' deprecated='yes'>pc-i440fx-2.4</machine>
      <domain type='qemu'/>
      <domain type='kvm'><machine maxCpus='288'>pc-q35-10.0</machine></domain>
    </arch>
  </guest>
</capabilities>`

const kvmXML = `<domainCapabilities>
  <domain>kvm</domain><arch>x86_64</arch>
  <vcpu max='288'/>
  <os supported='yes'>
    <enum name='firmware'><value>bios</value><value>efi</value></enum>
    <loader supported='yes'><enum name='secure'><value>yes</value><value>no</value></enum></loader>
  </os>
  <cpu>
    <mode name='host-passthrough' supported='yes'/>
    <mode name='host-model' supported='yes'>
      <model fallback='forbid'>EPYC-Rome</model>
      <vendor>AMD</vendor>
      <feature policy='require' name='x2apic'/>
      <feature policy='disable' name='svm'/>
    </mode>
    <mode name='custom' supported='yes'>
      <model usable='yes' vendor='AMD'>EPYC</model>
      <model usable='no' vendor='Intel'>Skylake-Client</model>
    </mode>
  </cpu>
  <features>
    <sev supported='yes'><maxGuests>59</maxGuests><maxESGuests>450</maxESGuests></sev>
    <hyperv supported='yes'><enum name='features'><value>relaxed</value><value>vapic</value></enum></hyperv>
    <launchSecurity supported='yes'><enum name='sectype'><value>sev</value><value>sev-snp</value></enum></launchSecurity>
  </features>
</domainCapabilities>`

const qemuXML = `<domainCapabilities>
  <domain>qemu</domain><arch>x86_64</arch>
  <cpu>
    <mode name='host-model' supported='no'/>
    <mode name='custom' supported='yes'><model usable='yes'>qemu64</model></mode>
  </cpu>
  <features><sev supported='no'/><tdx supported='no'/><hyperv supported='no'/></features>
</domainCapabilities>`

type recorded struct {
	answers map[string]string
	asked   []string
	cpu     string
}

func (r *recorded) DomainCapabilities(arch, machine, kind string) (string, error) {
	r.asked = append(r.asked, arch+" "+machine+" "+kind)
	return r.answers[kind], nil
}

func (r *recorded) ExpandCPU(_, _, _, cpu string) (string, error) {
	r.cpu = cpu
	return `<cpu><model>EPYC-Rome</model><feature policy='require' name='x2apic'/><feature policy='require' name='aes'/><feature policy='disable' name='svm'/></cpu>`, nil
}

func TestCollect(t *testing.T) {
	source := &recorded{answers: map[string]string{KindKVM: kvmXML, KindQEMU: qemuXML}}
	got, err := Collect(hostXML, source, protocol.KVM{Present: true, Usable: true})
	if err != nil {
		t.Fatal(err)
	}
	want := &protocol.NodeFacts{
		Arch: "x86_64",
		KVM:  protocol.KVM{Present: true, Usable: true},
		HostCPU: protocol.HostCPU{
			Model: "EPYC-Rome", Vendor: "AMD", Features: []string{"x2apic", "invtsc"},
			TSCFrequency: 2596118000, TSCScaling: true,
		},
		Accelerated: &protocol.Virtualization{
			HostModel: protocol.CPUModel{Name: "EPYC-Rome", Vendor: "AMD", Required: []string{"x2apic"}, Disabled: []string{"svm"}},
			Models:    []string{"EPYC"},
			Features:  []string{"aes", "x2apic"},
			Machines:  []protocol.Machine{{Name: "pc-q35-10.0", MaxCPUs: 288}},
			HyperV:    []string{"relaxed", "vapic"},
			EFI:       true, SecureBoot: true, SEV: true, SEVES: true, SEVSNP: true, MaxCPUs: 288,
		},
		Emulated: &protocol.Virtualization{
			Models: []string{"qemu64"},
			Machines: []protocol.Machine{
				{Name: "pc-q35-10.0", MaxCPUs: 4096},
				{Name: "q35", Canonical: "pc-q35-10.0", MaxCPUs: 4096},
				{Name: "pc-i440fx-2.4", MaxCPUs: 255, Deprecated: true},
			},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\naccelerated %+v\nemulated %+v", got, want, got.Accelerated, got.Emulated)
	}
	if want := []string{"x86_64 q35 kvm", "x86_64 q35 qemu"}; !reflect.DeepEqual(source.asked, want) {
		t.Errorf("asked %v, want %v", source.asked, want)
	}
	if !strings.Contains(source.cpu, `<feature policy="disable" name="svm">`) || !strings.Contains(source.cpu, "<model>EPYC-Rome</model>") {
		t.Errorf("asked to expand %s", source.cpu)
	}
}

// A KVM that does not run guests is not asked about.
func TestCollectWithoutKVM(t *testing.T) {
	source := &recorded{answers: map[string]string{KindQEMU: qemuXML}}
	got, err := Collect(hostXML, source, protocol.KVM{Present: true, Reason: "hangs"})
	if err != nil || got.Accelerated != nil || got.Emulated == nil || len(source.asked) != 1 {
		t.Errorf("got %+v, %v; asked %v", got, err, source.asked)
	}
}

func TestCollectRefuses(t *testing.T) {
	source := &recorded{answers: map[string]string{KindQEMU: "not XML"}}
	for name, xml := range map[string]string{
		"not XML":  "{}",
		"no CPU":   "<capabilities><host/></capabilities>",
		"no guest": "<capabilities><host><cpu><arch>riscv64</arch></cpu></host></capabilities>",
		"answer":   hostXML,
	} {
		if _, err := Collect(xml, source, protocol.KVM{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFactsFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := protocol.ReadNodeFacts(dir); err == nil {
		t.Error("read facts that nobody wrote")
	}
	want := &protocol.NodeFacts{Arch: "x86_64", Emulated: &protocol.Virtualization{Models: []string{"qemu64"}}}
	if err := errors.Join(protocol.WriteNodeFacts(dir, &protocol.NodeFacts{}), protocol.WriteNodeFacts(dir, want)); err != nil {
		t.Fatal(err)
	}
	if got, err := protocol.ReadNodeFacts(dir); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v", got, err)
	}
}
