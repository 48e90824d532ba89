package pool

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// machineName is the name of a pool's machine with a number.
func machineName(pool string, index int) string { return pool + "-" + strconv.Itoa(index) }

// indexOf returns a machine's number in a pool. A machine whose name has none is
// not the pool's: what it refers to could not be told from what others do. Nor is one
// with a number that no pool counts to.
func indexOf(pool, machine string) (int, bool) {
	digits, ok := strings.CutPrefix(machine, pool+"-")
	if !ok {
		return 0, false
	}
	index, err := strconv.ParseInt(digits, 10, 32)
	return int(index), err == nil && index >= 0 && strconv.FormatInt(index, 10) == digits
}

// poolNamed returns the name of the pool whose machine's name this is, be it there
// or not; empty if it is none.
func poolNamed(machine string) string {
	pool := machine[:max(strings.LastIndexByte(machine, '-'), 0)]
	if _, numbered := indexOf(pool, machine); !numbered {
		return ""
	}
	return pool
}

// number gives a machine's spec names of its own: always those of the volumes that
// are made for the machine, and of ConfigMaps and Secrets where that is asked for.
// What images are pulled with stays shared.
func number(spec *v1.VirtualMachineSpec, index int, generation *poolv1beta1.VirtualMachinePoolNameGeneration) {
	suffix := "-" + strconv.Itoa(index)
	made := map[string]bool{}
	for i := range spec.DataVolumeTemplates {
		name := &spec.DataVolumeTemplates[i].Metadata.Name
		made[*name] = true
		extend(name, suffix)
	}
	if spec.Template == nil {
		return
	}
	instance := &spec.Template.Spec
	for i := range instance.Volumes {
		for _, name := range claimNames(&instance.Volumes[i]) {
			if made[*name] {
				extend(name, suffix)
			}
		}
	}
	if generation == nil {
		return
	}
	if yes := generation.AppendIndexToConfigMapRefs; yes != nil && *yes {
		for i := range instance.Volumes {
			for _, name := range configMapNames(&instance.Volumes[i]) {
				extend(name, suffix)
			}
		}
	}
	if yes := generation.AppendIndexToSecretRefs; yes != nil && *yes {
		for _, name := range secretNames(instance) {
			extend(name, suffix)
		}
	}
}

func extend(name *string, suffix string) {
	if *name != "" {
		*name += suffix
	}
}

func claimNames(volume *v1.Volume) []*string {
	switch {
	case volume.DataVolume != nil:
		return []*string{&volume.DataVolume.Name}
	case volume.PersistentVolumeClaim != nil:
		return []*string{&volume.PersistentVolumeClaim.ClaimName}
	case volume.Ephemeral != nil && volume.Ephemeral.PersistentVolumeClaim != nil:
		return []*string{&volume.Ephemeral.PersistentVolumeClaim.ClaimName}
	}
	return nil
}

func configMapNames(volume *v1.Volume) []*string {
	switch {
	case volume.ConfigMap != nil:
		return []*string{&volume.ConfigMap.Name}
	case volume.Sysprep != nil && volume.Sysprep.ConfigMap != nil:
		return []*string{&volume.Sysprep.ConfigMap.Name}
	}
	return nil
}

func secretNames(spec *v1.VirtualMachineInstanceSpec) []*string {
	var names []*string
	reference := func(ref *corev1.LocalObjectReference) {
		if ref != nil {
			names = append(names, &ref.Name)
		}
	}
	credential := func(secret *v1.AccessCredentialSecretSource) {
		if secret != nil {
			names = append(names, &secret.SecretName)
		}
	}
	for i := range spec.Volumes {
		switch volume := &spec.Volumes[i]; {
		case volume.Secret != nil:
			names = append(names, &volume.Secret.SecretName)
		case volume.CloudInitNoCloud != nil:
			reference(volume.CloudInitNoCloud.SecretRef)
			reference(volume.CloudInitNoCloud.NetworkDataSecretRef)
		case volume.CloudInitConfigDrive != nil:
			reference(volume.CloudInitConfigDrive.SecretRef)
			reference(volume.CloudInitConfigDrive.NetworkDataSecretRef)
		case volume.Sysprep != nil:
			reference(volume.Sysprep.Secret)
		}
	}
	for i := range spec.AccessCredentials {
		if key := spec.AccessCredentials[i].SSHPublicKey; key != nil {
			credential(key.Source.Secret)
		}
		if password := spec.AccessCredentials[i].UserPassword; password != nil {
			credential(password.Source.Secret)
		}
	}
	return names
}
