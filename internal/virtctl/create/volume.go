package create

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Names of the volumes that a machine has at most one of.
const (
	sysprepDisk   = "sysprepdisk"
	cloudInitDisk = "cloudinitdisk"
)

// volume is one that the guest may boot from.
type volume struct {
	v1.Volume
	// bootOrder is 0 where nothing was said.
	bootOrder uint
	// template fills it, if a DataVolume does.
	template *v1.DataVolumeTemplateSpec
	// suggests tells that it may name an instance type and a preference.
	suggests bool
}

// volumes reads every flag that describes one, in the order of booting.
func volumes(o *Options) ([]volume, error) {
	var all []volume
	for _, kind := range []struct {
		texts []string
		read  func(o *Options, text string, number int) (volume, error)
	}{
		{o.ContainerDisks, containerDisk}, {o.Claims, claim}, {o.DataSources, dataSource}, {o.ClonedClaims, clonedClaim},
		{o.Blanks, blank}, {o.Imports, imported},
	} {
		for i, text := range kind.texts {
			volume, err := kind.read(o, text, i)
			if err != nil {
				return nil, err
			}
			all = append(all, volume)
		}
	}
	return all, unique(all)
}

// unique refuses what the API would, in the words of the flags.
func unique(all []volume) error {
	names, orders := map[string]bool{sysprepDisk: true, cloudInitDisk: true}, map[uint]bool{}
	for _, volume := range all {
		switch {
		case names[volume.Name]:
			return fmt.Errorf("there is more than one volume %s: name them apart with the parameter name", volume.Name)
		case volume.bootOrder != 0 && orders[volume.bootOrder]:
			return fmt.Errorf("bootorder %d is given more than once", volume.bootOrder)
		}
		if messages := validation.IsDNS1123Label(volume.Name); len(messages) > 0 {
			return fmt.Errorf("a volume cannot be named %s (%s): set the parameter name", volume.Name, messages[0])
		}
		names[volume.Name], orders[volume.bootOrder] = true, true
	}
	return nil
}

// addVolumes gives the machine its volumes, and disks to those whose place in the
// boot order is told; the server adds the other disks.
func addVolumes(vm *v1.VirtualMachine, _ *Options, all []volume) error {
	spec := &vm.Spec.Template.Spec
	for _, volume := range all {
		spec.Volumes = append(spec.Volumes, volume.Volume)
		if volume.template != nil {
			vm.Spec.DataVolumeTemplates = append(vm.Spec.DataVolumeTemplates, *volume.template)
		}
		if order := volume.bootOrder; order != 0 {
			spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, v1.Disk{Name: volume.Name, BootOrder: &order})
		}
	}
	return nil
}

// bootVolume is the one that the guest boots from.
func bootVolume(all []volume) *volume {
	var first *volume
	for i := range all {
		if order := all[i].bootOrder; order != 0 && (first == nil || order < first.bootOrder) {
			first = &all[i]
		}
	}
	if first == nil && len(all) > 0 {
		first = &all[0]
	}
	return first
}

func volumeNamed(all []volume, name string) *volume {
	if i := slices.IndexFunc(all, func(v volume) bool { return v.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// begin fills in what the parameters of every volume say.
func begin(p parameters, defaultName string) (volume, error) {
	name := p.values["name"]
	if name == "" {
		name = defaultName
	}
	order, err := p.bootOrder()
	return volume{Volume: v1.Volume{Name: name}, bootOrder: order}, err
}

func containerDisk(o *Options, text string, number int) (volume, error) {
	p, err := parse("volume-containerdisk", text, "src", "name", "bootorder")
	if err == nil {
		err = p.need("src")
	}
	if err != nil {
		return volume{}, err
	}
	v, err := begin(p, fmt.Sprintf("%s-containerdisk-%d", o.Name, number))
	v.ContainerDisk = &v1.ContainerDiskSource{Image: p.values["src"]}
	return v, err
}

func claim(_ *Options, text string, _ int) (volume, error) {
	p, err := parse("volume-pvc", text, "src", "name", "bootorder")
	if err == nil {
		err = p.need("src")
	}
	if err != nil {
		return volume{}, err
	}
	src := p.values["src"]
	if strings.Contains(src, "/") {
		return volume{}, p.wrong("src:%s: a claim is used in its own namespace, so name it without; "+
			"--volume-import type:pvc copies one of another namespace", src)
	}
	v, err := begin(p, src)
	v.PersistentVolumeClaim, v.suggests = &v1.PersistentVolumeClaimVolumeSource{ClaimName: src}, true
	return v, err
}

// addSysprep adds the answer file, on a drive where Windows looks for it.
func addSysprep(vm *v1.VirtualMachine, o *Options, _ []volume) error {
	if o.Sysprep == "" {
		return nil
	}
	p, err := parse("volume-sysprep", o.Sysprep, "src", "type")
	if err == nil {
		err = p.need("src")
	}
	if err != nil {
		return err
	}
	kind, err := p.oneOf("type", "configmap", "secret")
	if err != nil {
		return err
	}
	spec := &vm.Spec.Template.Spec
	spec.Volumes = append(spec.Volumes, v1.Volume{Name: sysprepDisk, VolumeSource: v1.VolumeSource{Sysprep: sysprep(kind, p.values["src"])}})
	spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, v1.Disk{
		Name: sysprepDisk, DiskDevice: v1.DiskDevice{CDRom: &v1.CDRomTarget{Bus: v1.DiskBusSATA}},
	})
	return nil
}

func sysprep(kind, name string) *v1.SysprepSource {
	reference := &corev1.LocalObjectReference{Name: name}
	if kind == "secret" {
		return &v1.SysprepSource{Secret: reference}
	}
	return &v1.SysprepSource{ConfigMap: reference}
}
