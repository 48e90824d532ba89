package explain

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// Annotations by which a storage class becomes the one of claims that name none.
const (
	defaultClass     = "storageclass.kubernetes.io/is-default-class"
	defaultClassBeta = "storageclass.beta.kubernetes.io/is-default-class"
)

// claims tells of claims that keep the launcher pod from being made or placed.
func claims(v *view) []cause {
	if v.VMI != nil && !v.VMI.IsUnprocessed() && (v.pod == nil || v.pod.Spec.NodeName != "") {
		return nil
	}
	var found []cause
	for _, name := range v.claimNames() {
		if claim := v.claim(name); claim != nil {
			found = append(found, v.ofClaim(claim)...)
		}
	}
	return append(append(found, claimMissing(v)...), claimTaken(v)...)
}

// claimTaken tells of another instance that uses a claim in a way that excludes this one.
func claimTaken(v *view) []cause {
	c := v.untrue(v1.ConditionSynchronized)
	if c == nil || c.Reason != v1.ReasonClaimInUse {
		return nil
	}
	return []cause{notRunning(v1.CauseClaimInUse, sentence(c.Message),
		"Stop what uses it; this machine starts by itself then. Or make the disks of both shareable, if their guests know how to share a disk.",
		v.vmiCondition(c))}
}

var missingClaim = regexp.MustCompile(`PersistentVolumeClaim (\S+) not found`)

// claimMissing goes by what virt-controller says: a claim may be about to come.
func claimMissing(v *view) []cause {
	c := v.untrue(v1.ConditionSynchronized)
	if c == nil || c.Reason != v1.ReasonFailedPvcNotFound {
		return nil
	}
	name := ""
	if match := missingClaim.FindStringSubmatch(c.Message); match != nil {
		name = match[1]
	}
	if v.claim(name) != nil {
		return nil // it has come
	}
	evidence := v.vmiCondition(c)
	for i := range v.spec.Volumes {
		volume := &v.spec.Volumes[i]
		if volume.ClaimName() == name && volume.DataVolume != nil && strings.Contains(c.Message, "cluster has none") {
			return []cause{notRunning(v1.CauseDataVolumesUnavailable,
				fmt.Sprintf("Volume %s is data volume %s, and this cluster has no DataVolumes.", volume.Name, name),
				"Install the Containerized Data Importer (CDI), or make a claim of that name.", evidence)}
		}
	}
	return []cause{notRunning(v1.CauseClaimNotFound, fmt.Sprintf("The claim %s does not exist in namespace %s.", name,
		v.VM.Namespace),
		fmt.Sprintf("Create it, or correct spec.template.spec.volumes: kubectl get pvc -n %s lists what there is.",
			v.VM.Namespace), evidence)}
}

func (v *view) ofClaim(claim *corev1.PersistentVolumeClaim) []cause {
	phase := seen(kindClaim, claim.Name, "status.phase", string(claim.Status.Phase))
	switch {
	case !claim.DeletionTimestamp.IsZero():
		if !v.late(claim.DeletionTimestamp.Time, settles) {
			return nil
		}
		remedy := "Wait until it is gone, and make it anew, or use another claim."
		if users := v.usersOf(claim.Name); users != "" {
			remedy = fmt.Sprintf("It goes when the pods that use it are gone: %s. Then make it anew, or use another claim.", users)
		}
		return []cause{notRunning(v1.CauseClaimTerminating, fmt.Sprintf("The claim %s is being deleted.", claim.Name), remedy,
			seen(kindClaim, claim.Name, "metadata.deletionTimestamp", stamp(claim.DeletionTimestamp)),
			seen(kindClaim, claim.Name, "metadata.finalizers", strings.Join(claim.Finalizers, ", ")))}
	case claim.Status.Phase == corev1.ClaimLost:
		return []cause{notRunning(v1.CauseClaimLost,
			fmt.Sprintf("The persistent volume behind the claim %s is gone, and its data with it.", claim.Name),
			"Restore the data into a new claim from a backup or a snapshot.", phase,
			seen(kindClaim, claim.Name, "spec.volumeName", claim.Spec.VolumeName), eventSays(v.event(claim.UID, "ClaimLost")))}
	case claim.Status.Phase != corev1.ClaimPending:
		return nil
	}
	class, known := v.classOf(claim)
	event := v.freshEvent(claim.UID, "ProvisioningFailed", "VolumeMismatch")
	switch {
	case !v.late(claim.CreationTimestamp.Time, settles):
		return nil
	case event != nil && class != nil:
		return []cause{notRunning(v1.CauseProvisioningFailed, fmt.Sprintf("The volume of the claim %s cannot be provisioned: %s",
			claim.Name, sentence(event.Message)),
			fmt.Sprintf("Change what the message names, or look at the provisioner %s.", class.Provisioner), eventSays(event), phase)}
	case known && claim.Spec.StorageClassName == nil && class == nil:
		return []cause{notRunning(v1.CauseNoDefaultStorageClass,
			fmt.Sprintf("The claim %s names no storage class, and none of the cluster's is the default one.", claim.Name),
			"Make the claim anew with spec.storageClassName, or annotate a class: kubectl annotate storageclass NAME "+defaultClass+"=true.",
			phase, eventSays(v.event(claim.UID, "FailedBinding")))}
	case known && class == nil && *claim.Spec.StorageClassName != "":
		return []cause{notRunning(v1.CauseStorageClassNotFound,
			fmt.Sprintf("The claim %s names the storage class %s, which does not exist.", claim.Name, *claim.Spec.StorageClassName),
			"Make the claim anew with another class, kubectl get storageclasses lists what there is, or make the class.",
			seen(kindClaim, claim.Name, "spec.storageClassName", *claim.Spec.StorageClassName), phase, eventSays(v.event(claim.UID,
				"ProvisioningFailed")))}
	}
	return v.unbound(claim, class)
}

// unbound tells of a claim that waits for its volume for long. One that waits for the
// launcher pod to be placed waits for what places the pod.
func (v *view) unbound(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) []cause {
	since := claim.CreationTimestamp.Time
	onDemand := class != nil && class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
	if onDemand {
		if v.pod == nil || claim.Annotations["volume.kubernetes.io/selected-node"] == "" {
			return nil
		}
		since = v.pod.CreationTimestamp.Time
	}
	if !v.late(since, provisions) {
		return nil
	}
	remedy := "Make a persistent volume that matches the claim's size, mode and class: kubectl get pv."
	if class != nil {
		remedy = fmt.Sprintf("See whether the provisioner %s runs, and look at its log.", class.Provisioner)
	}
	return []cause{notRunning(v1.CauseClaimNotBound, fmt.Sprintf("The claim %s has been waiting for its volume for %s.", claim.Name,
		v.ago(since)), remedy,
		seen(kindClaim, claim.Name, "status.phase", string(claim.Status.Phase)),
		eventSays(v.event(claim.UID, "ExternalProvisioning", "Provisioning", "FailedBinding", "WaitForPodScheduled")))}
}

// classOf returns the class of a claim, and whether the classes are known at all.
func (v *view) classOf(claim *corev1.PersistentVolumeClaim) (*storagev1.StorageClass, bool) {
	for i := range v.StorageClasses {
		class := &v.StorageClasses[i]
		isDefault := class.Annotations[defaultClass] == "true" || class.Annotations[defaultClassBeta] == "true"
		if name := claim.Spec.StorageClassName; name != nil && *name == class.Name || name == nil && isDefault {
			return class, true
		}
	}
	return nil, v.StorageClasses != nil
}

// usersOf names the other pods of the namespace that use a claim.
func (v *view) usersOf(claim string) string {
	var names []string
	for i := range v.Users {
		pod := &v.Users[i]
		for j := range pod.Spec.Volumes {
			if source := pod.Spec.Volumes[j].PersistentVolumeClaim; source != nil && source.ClaimName == claim && !ended(pod) {
				names = append(names, pod.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// inUse says that a claim is in use by a pod that excludes this one. Of pods only
// those of the machine's namespace are named, and no other can use its claims.
func (v *view) inUse(message string, evidence ...*subresourcesv1.Evidence) cause {
	users := ""
	for _, name := range v.claimNames() {
		if list := v.usersOf(name); list != "" {
			users = fmt.Sprintf("claim %s by %s", name, list)
			evidence = append(evidence, seen(kindClaim, name, "used by", list))
		}
	}
	remedy := "Stop what uses it, or give the claim the access mode ReadWriteMany if its storage can do that."
	if users != "" {
		message += ": " + users
	}
	return notRunning(v1.CauseClaimInUse, message+".", remedy, evidence...)
}
