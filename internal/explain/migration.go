package explain

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// bond ties a guest to its node.
type bond struct {
	reason  string
	message string
	field   string
	remedy  string
}

// migration tells why a guest cannot move. It is wrong only where the guest is to be
// moved off a node that is drained, which it then holds up; elsewhere it is a note.
func migration(v *view) []cause {
	condition := v.untrue(v1.ConditionLiveMigratable)
	if condition == nil {
		return nil // it can, or nobody has looked yet
	}
	strategy := v.spec.EvictionStrategy
	must := strategy != nil && *strategy == v1.EvictionStrategyLiveMigrate
	general := condition.Reason == v1.ReasonNotMigratable
	var found []cause
	add := func(reason, message, remedy string, evidence ...*subresourcesv1.Evidence) {
		c := answer(subresourcesv1.QuestionNotMigratable, reason, message, remedy, evidence)
		c.note = !must
		found = append(found, c)
	}
	var reasons []string
	for _, b := range v.bonds() {
		if !slices.Contains(reasons, b.reason+b.field) {
			reasons = append(reasons, b.reason, b.reason+b.field)
			add(b.reason, b.message, b.remedy, v.vmiSays(b.field, b.message))
		}
	}
	switch {
	case general:
		found = append(found, note(answer(subresourcesv1.QuestionNotMigratable, v1.CauseMigrationUnsupported,
			"This version does not migrate guests.",
			"Restart the machine to have it run elsewhere.", []*subresourcesv1.Evidence{v.vmiCondition(condition)})))
	case !slices.Contains(reasons, condition.Reason):
		add(condition.Reason, "The guest cannot migrate: "+sentence(condition.Message), "Change what the message names.",
			v.vmiCondition(condition))
	}
	return found
}

// bonds are what in the spec ties the guest to its node.
func (v *view) bonds() []bond {
	return slices.Concat(v.storageBonds(), v.networkBonds(), v.deviceBonds(), v.cpuBonds())
}

func (v *view) storageBonds() []bond {
	var list []bond
	for i := range v.spec.Volumes {
		volume := &v.spec.Volumes[i]
		if volume.HostDisk != nil && (volume.HostDisk.Shared == nil || !*volume.HostDisk.Shared) {
			list = append(list, bond{v1.CauseHostDiskNotLiveMigratable, fmt.Sprintf("Volume %s is a file of the node.", volume.Name),
				"spec.volumes[" + volume.Name + "].hostDisk", "Use a claim that is shared between nodes (ReadWriteMany)."})
		}
		if modes := v.accessModes(volume); len(modes) > 0 && !slices.Contains(modes, corev1.ReadWriteMany) {
			list = append(list, bond{v1.ReasonDisksNotLiveMigratable,
				fmt.Sprintf("The claim %s of volume %s is not shared between nodes: its access modes are %s.",
					volume.ClaimName(), volume.Name, modeList(modes)),
				"status.volumeStatus[" + volume.Name + "].persistentVolumeClaimInfo.accessModes",
				"Use a claim with the access mode ReadWriteMany, on storage that can do that."})
		}
	}
	if len(v.spec.Domain.Devices.Filesystems) > 0 {
		list = append(list, bond{v1.ReasonVirtIOFSNotLiveMigratable, "The guest shares a directory with its node by virtiofs.",
			"spec.domain.devices.filesystems",
			"Use a disk in place of the filesystem."})
	}
	return list
}

// accessModes are those of the claim behind a volume, nil if they are not known.
func (v *view) accessModes(volume *v1.Volume) []corev1.PersistentVolumeAccessMode {
	if volume.ClaimName() == "" {
		return nil
	}
	if claim := v.claim(volume.ClaimName()); claim != nil {
		return claim.Spec.AccessModes
	}
	for i := range v.VMI.Status.VolumeStatus {
		if status := &v.VMI.Status.VolumeStatus[i]; status.Name == volume.Name && status.PersistentVolumeClaimInfo != nil {
			return status.PersistentVolumeClaimInfo.AccessModes
		}
	}
	return nil
}

func modeList(modes []corev1.PersistentVolumeAccessMode) string {
	list := make([]string, 0, len(modes))
	for _, mode := range modes {
		list = append(list, string(mode))
	}
	return strings.Join(list, ", ")
}

func (v *view) networkBonds() []bond {
	pod := map[string]bool{}
	for i := range v.spec.Networks {
		pod[v.spec.Networks[i].Name] = v.spec.Networks[i].Pod != nil
	}
	for i := range v.spec.Domain.Devices.Interfaces {
		nic := &v.spec.Domain.Devices.Interfaces[i]
		if nic.Bridge != nil && pod[nic.Name] && v.VMI.Annotations[v1.AnnotationPodBridgeMigration] != "true" {
			return []bond{{v1.ReasonInterfaceNotLiveMigratable,
				fmt.Sprintf("Interface %s is bridged with the pod network, whose address stays on the node.", nic.Name),
				"spec.domain.devices.interfaces[" + nic.Name + "].bridge", "Bind it by masquerade, or use a secondary network."}}
		}
	}
	return nil
}

func (v *view) deviceBonds() []bond {
	devices := &v.spec.Domain.Devices
	const remedy = "Take the device out of spec.template.spec.domain.devices."
	switch {
	case len(devices.HostDevices) > 0:
		return []bond{{v1.ReasonHostDeviceNotLiveMigratable, "The guest has a device of its node.", "spec.domain.devices.hostDevices",
			remedy}}
	case len(devices.GPUs) > 0:
		return []bond{{v1.ReasonHostDeviceNotLiveMigratable, "The guest has a graphics processor of its node.",
			"spec.domain.devices.gpus", remedy}}
	}
	for i := range devices.Interfaces {
		if nic := &devices.Interfaces[i]; nic.SRIOV != nil {
			return []bond{{v1.ReasonHostDeviceNotLiveMigratable, fmt.Sprintf("Interface %s is a device of the node.", nic.Name),
				"spec.domain.devices.interfaces[" + nic.Name + "].sriov", remedy}}
		}
	}
	return nil
}

func (v *view) cpuBonds() []bond {
	var list []bond
	d := &v.spec.Domain
	if d.CPU != nil && d.CPU.Model == "host-passthrough" {
		list = append(list, bond{v1.ReasonCPUModeNotLiveMigratable, "The guest has the very CPU of its node (host-passthrough).",
			"spec.domain.cpu.model",
			"Set spec.template.spec.domain.cpu.model to host-model or to a named model."})
	}
	if f := d.Features; f != nil && f.HypervPassthrough != nil && (f.HypervPassthrough.Enabled == nil || *f.HypervPassthrough.Enabled) {
		list = append(list, bond{v1.ReasonHypervPassthroughNotLiveMigratable, "The guest has all Hyper-V features of its node.",
			"spec.domain.features.hypervPassthrough",
			"Name the features in spec.template.spec.domain.features.hyperv."})
	}
	switch security := d.LaunchSecurity; {
	case security == nil:
	case security.SEV != nil || security.SNP != nil:
		list = append(list, bond{v1.ReasonSEVNotLiveMigratable, "The guest's memory is encrypted by its node (SEV).",
			"spec.domain.launchSecurity", confidential})
	case security.TDX != nil:
		list = append(list, bond{v1.ReasonTDXNotLiveMigratable, "The guest's memory is encrypted by its node (TDX).",
			"spec.domain.launchSecurity", confidential})
	}
	return list
}

const confidential = "Such a guest stays where it is: restart it to have it run elsewhere."
