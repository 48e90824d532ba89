package domain

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"libvirt.org/go/libvirtxml"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/golden"
)

// wholeDomain is the directory of the cases in which all features are applied.
const wholeDomain = "build"

// TestGolden applies to each case under testdata/<feature>/<case> that feature
// alone, or all of them under testdata/build.
func TestGolden(t *testing.T) {
	covered := map[string]bool{}
	for _, dir := range golden.Cases(t, "testdata", "vmi.yaml") {
		name := filepath.Base(filepath.Dir(dir))
		covered[name] = true
		t.Run(name+"/"+filepath.Base(dir), func(t *testing.T) {
			vmi := readVMI(t, dir)
			document, err := documentOf(name, vmi, hostFor(t, dir, vmi))
			golden.Outcome(t, dir, "domain.xml", []byte(document), err)
		})
	}
	for _, feature := range features(&Host{}) {
		if !covered[feature.name] {
			t.Errorf("feature %s has no case", feature.name)
		}
	}
}

// documentOf is what a feature contributes, as XML.
func documentOf(name string, vmi *v1.VirtualMachineInstance, host Host) (string, error) {
	domain, err := apply(name, vmi, host)
	if err != nil {
		return "", err
	}
	text, err := domain.Marshal()
	return text + "\n", err
}

func apply(name string, vmi *v1.VirtualMachineInstance, host Host) (*libvirtxml.Domain, error) {
	if name == wholeDomain || name == "placement" {
		return Build(vmi, host)
	}
	domain := &libvirtxml.Domain{}
	for _, earlier := range prerequisites[name] {
		if err := applyOne(earlier, vmi, &host, domain); err != nil {
			return nil, err
		}
	}
	return domain, applyOne(name, vmi, &host, domain)
}

// prerequisites are the features that a feature looks at the work of.
var prerequisites = map[string][]string{"usb": {"disk", "input", "usbredir"}}

func applyOne(name string, vmi *v1.VirtualMachineInstance, host *Host, domain *libvirtxml.Domain) error {
	for _, feature := range features(host) {
		if feature.name == name {
			return feature.Apply(vmi, domain)
		}
	}
	return errors.New("there is no such feature: " + name)
}

func readVMI(t testing.TB, dir string) *v1.VirtualMachineInstance {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "vmi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	vmi := &v1.VirtualMachineInstance{}
	if err := yaml.UnmarshalStrict(data, vmi); err != nil {
		t.Fatalf("reading %s: %v", dir, err)
	}
	vmi.Namespace, vmi.Name = "ns", "vm"
	vmi.UID = "2f0a7c9a-5a7e-4a53-9b3e-1c1f5d4c2b1a"
	return vmi
}

// hostFor is a node with KVM on which everything has been prepared, changed by
// the case's host.yaml.
func hostFor(t testing.TB, dir string, vmi *v1.VirtualMachineInstance) Host {
	t.Helper()
	host := preparedHost(vmi, "/run/vm")
	data, err := os.ReadFile(filepath.Join(dir, "host.yaml"))
	if err == nil {
		err = yaml.UnmarshalStrict(data, &host)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Fatalf("reading the host of %s: %v", dir, err)
	}
	return host
}

func preparedHost(vmi *v1.VirtualMachineInstance, dir string) Host {
	host := Host{
		SMBIOS:             SMBIOS{Manufacturer: "KubeVirt", Product: "None", Family: "KubeVirt"},
		BalloonStatsPeriod: 10,
		FreePageReporting:  true,
		Disks:              map[string]Disk{},
		Filesystems:        map[string]string{},
		Interfaces:         map[string]Interface{},
		SerialSocket:       dir + "/serial0.sock",
		SerialLog:          dir + "/serial0.log",
		VNCSocket:          dir + "/vnc.sock",
		MetricsSocket:      dir + "/downwardmetrics.sock",
		USBRedirSockets:    []string{dir + "/usbredir-0.sock", dir + "/usbredir-1.sock"},
	}
	for _, volume := range vmi.Spec.Volumes {
		disk := Disk{Path: dir + "/" + volume.Name + ".qcow2", Format: "qcow2", DirectIO: true}
		switch {
		case volume.CloudInit() != nil, volume.IsConfig(), volume.Sysprep != nil:
			disk.Path, disk.Format = dir+"/"+volume.Name+".iso", "raw"
		case volume.DownwardMetrics != nil:
			disk = Disk{Path: dir + "/" + volume.Name + ".vhostmd", Format: "raw", ReadOnly: true}
		case volume.ClaimName() != "":
			disk.Path, disk.Format = dir+"/"+volume.Name+"/disk.img", "raw"
		case volume.ContainerDisk != nil:
			disk.Backing = &DiskBacking{Path: dir + "/image/" + volume.Name + ".img", Format: "raw"}
		}
		host.Disks[volume.Name] = disk
	}
	for _, shared := range vmi.Spec.Domain.Devices.Filesystems {
		delete(host.Disks, shared.Name)
		host.Filesystems[shared.Name] = dir + "/" + shared.Name + ".sock"
	}
	if firmware := vmi.Spec.Domain.Firmware; firmware != nil && firmware.KernelBoot != nil && firmware.KernelBoot.Container != nil {
		for file, path := range map[*string]string{
			&host.KernelBoot.Kernel: firmware.KernelBoot.Container.KernelPath, &host.KernelBoot.Initrd: firmware.KernelBoot.Container.InitrdPath,
		} {
			if path != "" {
				*file = dir + "/kernelboot" + path
			}
		}
	}
	if firmware := vmi.Spec.Domain.Firmware; firmware != nil && firmware.ACPI != nil {
		for table, volume := range map[*string]string{&host.ACPITables.SLIC: firmware.ACPI.SlicNameRef, &host.ACPITables.MSDM: firmware.ACPI.MsdmNameRef} {
			if volume != "" {
				*table = dir + "/" + volume + "/table.bin"
			}
		}
	}
	for _, network := range vmi.Spec.Networks {
		host.Interfaces[network.Name] = Interface{Tap: "tap0", MAC: "02:00:00:00:00:01", MTU: 1450}
	}
	return host
}
