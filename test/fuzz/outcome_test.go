package fuzz

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"libvirt.org/go/libvirtxml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/domain"
)

// host is a node on which everything that the instance names has been prepared.
func host(d *dice, vmi *v1.VirtualMachineInstance) domain.Host {
	const dir = "/run/vm"
	prepared := domain.Host{
		Emulation: d.chance(50), BalloonStatsPeriod: 10,
		Disks: map[string]domain.Disk{}, Filesystems: map[string]string{}, Interfaces: map[string]domain.Interface{},
		SerialSocket: dir + "/serial0.sock", SerialLog: dir + "/serial0.log", VNCSocket: dir + "/vnc.sock",
		USBRedirSockets: []string{dir + "/usbredir-0.sock"},
		KernelBoot:      domain.KernelBoot{Kernel: dir + "/kernel", Initrd: dir + "/initrd"},
		ACPITables:      domain.ACPITables{SLIC: dir + "/slic"},
	}
	for i := range vmi.Spec.Volumes {
		name := vmi.Spec.Volumes[i].Name
		prepared.Disks[name] = domain.Disk{
			Path: dir + "/" + name, Format: pick(d, []string{"raw", "qcow2"}), Block: d.chance(30), DirectIO: !d.chance(20),
		}
		prepared.Filesystems[name] = dir + "/" + name + ".sock"
	}
	for i := range vmi.Spec.Networks {
		prepared.Interfaces[vmi.Spec.Networks[i].Name] = domain.Interface{Tap: "tap0", PodInterface: "eth0", MAC: "02:00:00:00:00:01", MTU: 1450}
	}
	return prepared
}

// checkPod sees what the API server would refuse a pod for, as far as names go.
func checkPod(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	volumes := map[string]bool{}
	for i := range pod.Spec.Volumes {
		name := pod.Spec.Volumes[i].Name
		if volumes[name] || len(name) > 63 {
			t.Errorf("volume %q of the pod is there twice, or its name too long", name)
		}
		volumes[name] = true
	}
	names := map[string]bool{}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			c := &list[i]
			if names[c.Name] || len(c.Name) > 63 {
				t.Errorf("container %q is there twice, or its name too long", c.Name)
			}
			names[c.Name] = true
			paths := map[string]bool{}
			for _, mount := range c.VolumeMounts {
				if !volumes[mount.Name] || paths[mount.MountPath] {
					t.Errorf("container %s mounts %s, which is no volume, or mounts at %s twice", c.Name, mount.Name, mount.MountPath)
				}
				paths[mount.MountPath] = true
			}
			for _, device := range c.VolumeDevices {
				if !volumes[device.Name] {
					t.Errorf("container %s has device %s, which is no volume", c.Name, device.Name)
				}
			}
		}
	}
}

// checkDomain sees what libvirt would refuse a domain for, as far as names go.
func checkDomain(t *testing.T, built *libvirtxml.Domain) {
	t.Helper()
	if _, err := built.Marshal(); err != nil {
		t.Errorf("the domain cannot be written: %v", err)
	}
	if built.Devices == nil {
		return
	}
	targets, aliases, orders := map[string]bool{}, map[string]bool{}, map[uint]bool{}
	alias := func(a *libvirtxml.DomainAlias) {
		if a != nil && aliases[a.Name] {
			t.Errorf("alias %s is there twice", a.Name)
		} else if a != nil {
			aliases[a.Name] = true
		}
	}
	boot := func(b *libvirtxml.DomainDeviceBoot) {
		if b != nil && (orders[b.Order] || b.Order == 0) {
			t.Errorf("boot order %d is 0 or there twice", b.Order)
		} else if b != nil {
			orders[b.Order] = true
		}
	}
	for i := range built.Devices.Disks {
		disk := &built.Devices.Disks[i]
		if targets[disk.Target.Dev] {
			t.Errorf("target %s is there twice", disk.Target.Dev)
		}
		targets[disk.Target.Dev] = true
		alias(disk.Alias)
		boot(disk.Boot)
	}
	for i := range built.Devices.Interfaces {
		alias(built.Devices.Interfaces[i].Alias)
		boot(built.Devices.Interfaces[i].Boot)
	}
}
