package explain

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// missingSource is how virt-controller names what it was to clone and did not find.
var missingSource = regexp.MustCompile(`(?:PersistentVolumeClaim|VolumeSnapshot|DataSource) \S+/\S+ does not exist`)

// dataVolumeRefused tells of data volumes that virt-controller may not or cannot make,
// which c, the machine's condition Failure, is about; nil if it is about something else.
func dataVolumeRefused(v *view, c *v1.Condition) []cause {
	evidence := conditionSays(v1.KindVirtualMachine, v.VM.Name, c)
	switch {
	case strings.Contains(c.Message, "this cluster has no DataVolumes"):
		return []cause{notRunning(v1.CauseDataVolumesUnavailable,
			"The machine needs a data volume, and this cluster has no DataVolumes.",
			"Install the Containerized Data Importer (CDI), or use a claim that is filled already in place of spec.dataVolumeTemplates.",
			evidence)}
	case strings.Contains(c.Message, "may not clone"):
		return []cause{notRunning(v1.CauseCloneUnauthorized, "A data volume cannot be cloned: "+sentence(c.Message),
			"Give the service account the right to create datavolumes/source in the source's namespace, by a Role and a RoleBinding there.",
			evidence)}
	case missingSource.MatchString(c.Message):
		return []cause{notRunning(v1.CauseCloneSourceNotFound,
			"What a data volume is to be cloned from does not exist: "+sentence(c.Message),
			"Make the source, or correct spec.dataVolumeTemplates[].spec.source.", evidence, eventSays(v.event(v.VM.UID,
				v1.EventSourcePVCNotAvailable)))}
	}
	return nil
}

// dataVolumes tells of data volumes that are broken, or that are not filled for long.
func dataVolumes(v *view) []cause {
	if v.VMI != nil && !v.VMI.IsUnprocessed() && !v.VMI.IsFinal() {
		return nil
	}
	var found []cause
	for _, name := range v.claimNames() {
		if dv := v.dataVolume(name); dv != nil {
			found = append(found, v.ofDataVolume(dv)...)
		}
	}
	if c := v.untrue(v1.ConditionSynchronized); len(found) == 0 && c != nil && c.Reason == v1.ReasonFailedDataVolumeImport {
		found = append(found, notRunning(v1.CauseDataVolumeFailed, sentence(c.Message), importRemedy, v.vmiCondition(c)))
	}
	return found
}

const importRemedy = "Look at the data volume, kubectl describe datavolume, and at its importer pod's log; correct its " +
	"source or its size, and delete it to have it made anew."

func (v *view) ofDataVolume(dv *cdiv1beta1.DataVolume) []cause {
	phase := seen(kindDataVolume, dv.Name, "status.phase", string(dv.Status.Phase))
	for i := range dv.Status.Conditions {
		c := &dv.Status.Conditions[i]
		if c.Type == "Running" && c.Status == corev1.ConditionFalse && c.Reason == "Error" {
			return []cause{notRunning(v1.CauseDataVolumeFailed, fmt.Sprintf("Data volume %s cannot be filled: %s", dv.Name,
				sentence(c.Message)), importRemedy,
				phase, seen(kindDataVolume, dv.Name, "status.conditions[Running]", words(string(c.Status), c.Reason, c.Message)))}
		}
	}
	switch dv.Status.Phase {
	case cdiv1beta1.DataVolumeFailed:
		return []cause{notRunning(v1.CauseDataVolumeFailed, fmt.Sprintf("Data volume %s could not be filled.", dv.Name), importRemedy,
			phase, eventSays(v.event(dv.UID, "Error", "ErrClaimNotValid", "ErrResourceExists", "ImportFailed", "CloneFailed",
				"UploadFailed")))}
	case cdiv1beta1.DataVolumeSucceeded, cdiv1beta1.DataVolumeWaitForFirstConsumer, cdiv1beta1.DataVolumePendingPopulation:
		return nil
	}
	if !v.late(dv.CreationTimestamp.Time, fills) {
		return nil
	}
	message := fmt.Sprintf("Data volume %s has not been filled for %s", dv.Name, v.ago(dv.CreationTimestamp.Time))
	remedy := "Wait if its progress grows; otherwise look at it, kubectl describe datavolume, and at its importer pod's log."
	if dv.Status.Phase == cdiv1beta1.DataVolumeUploadReady {
		message = fmt.Sprintf("Data volume %s waits for somebody to upload its content", dv.Name)
		remedy = "Upload its content."
	}
	return []cause{notRunning(v1.CauseDataVolumeNotFilled, message+".", remedy, phase,
		seen(kindDataVolume, dv.Name, "status.progress", dv.Status.Progress))}
}
