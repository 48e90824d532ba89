package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// virt-handler's reasons of Synchronized=False.
const (
	reasonPreparing = "PreparingFailed"
	reasonStarting  = "StartFailed"
)

// startFailures are what libvirt and QEMU say when a guest does not start, in order.
var startFailures = []struct {
	phrases         []string
	reason          string
	message, remedy string
}{
	{
		[]string{`"write" lock`, "Is another process using the image", "Failed to lock"}, v1.CauseDiskLocked,
		"A disk image of the guest is in use by another process.",
		"Stop the other machine that has the same image; a disk may be used by several only if each has it as shareable.",
	},
	{
		[]string{"not in qcow2 format", "Unknown driver", "invalid qcow2", "Could not read qcow2", "Image is corrupt", "qcow2: Image",
			"is not a disk image",
			"unknown image format", "Could not open backing file"},
		v1.CauseDiskInvalid, "A disk image of the guest cannot be read.",
		"See what the image is: qemu-img info. Fill the claim anew, or build the container disk anew.",
	},
	{
		[]string{"Could not access KVM", "failed to initialize kvm", "KVM is not supported", "/dev/kvm"}, v1.CauseHypervisorUnavailable,
		"The node cannot run virtual CPUs.",
		"Enable virtualization on the node, or set spec.configuration.developerConfiguration.useEmulation of the KubeVirt object.",
	},
	{
		[]string{"annot allocate memory", "annot set up guest memory"}, v1.CauseHostMemoryExhausted,
		"The node could not give the guest its memory.", "Give the guest less memory, or free huge pages and memory on the node.",
	},
}

// domain tells why a guest does not start although its launcher pod is up, in the
// words of libvirt's last error.
func domain(v *view) []cause {
	c := v.untrue(v1.ConditionSynchronized)
	if c == nil || v.VMI.IsUnprocessed() {
		return nil
	}
	switch c.Reason {
	case reasonPreparing:
		return []cause{notRunning(v1.CausePreparationFailed, "The node could not prepare what the guest needs: "+sentence(c.Message),
			"Change what the message names, or look at virt-handler's log on the node.", v.vmiCondition(c))}
	case reasonStarting:
		for _, known := range startFailures {
			if containsAny(c.Message, known.phrases...) {
				return []cause{notRunning(known.reason, known.message, known.remedy, v.vmiCondition(c))}
			}
		}
	}
	return []cause{notRunning(v1.CauseStartFailed, "The guest cannot be started: "+sentence(c.Message),
		"Change what the message names in spec.template.spec.domain or in the machine's volumes.", v.vmiCondition(c))}
}

// paused tells who has stopped the guest's virtual CPUs.
func paused(v *view) []cause {
	c := v.VMI.Condition(v1.ConditionPaused)
	if c == nil || c.Status != corev1.ConditionTrue {
		return nil
	}
	evidence := v.vmiCondition(c)
	unpause := fmt.Sprintf("virtctl unpause vm %s -n %s.", v.VM.Name, v.VM.Namespace)
	switch c.Reason {
	case v1.ReasonPausedIOError:
		return []cause{notServing(v1.CauseGuestPausedByIOError,
			"A disk returned an error, and the guest was paused so that it loses nothing.",
			"Most often the storage is full: enlarge or free it, then "+unpause, evidence, eventSays(v.event(v.VMI.UID, v1.EventPaused)))}
	case v1.ReasonPausedByMigrationMonitor:
		return nil // the migration ends it
	}
	return []cause{note(notServing(v1.CauseGuestPaused, "Somebody has paused the guest.", "To let it go on: "+unpause, evidence))}
}

const livenessRemedy = "See whether the guest serves what spec.template.spec.livenessProbe asks for, and whether " +
	"initialDelaySeconds leaves it the time to boot."

// probes tells of a guest that does not pass what its spec has it asked.
func probes(v *view) []cause {
	ready := v.ready()
	if ready == nil || ready.Status == corev1.ConditionTrue {
		return nil
	}
	if v.pod != nil {
		if failing := v.freshEvent(v.pod.UID, "Unhealthy"); failing != nil && containsAny(failing.Message, "Liveness probe failed") {
			return []cause{notServing(v1.CauseLivenessProbeFailing, "The guest's liveness probe fails, which is about to end the guest.",
				livenessRemedy,
				eventSays(failing))}
		}
	}
	probe, since := v.spec.ReadinessProbe, v.since(v1.VMIPhaseRunning)
	if probe == nil || !v.late(since, boots) {
		return nil
	}
	if (probe.GuestAgentPing != nil || probe.Exec != nil) && !v.VMI.IsConditionTrue(v1.ConditionAgentConnected) {
		return []cause{notServing(v1.CauseGuestAgentNotConnected,
			fmt.Sprintf("The readiness probe asks the guest agent, which has not connected for %s.", v.ago(since)),
			"Install qemu-guest-agent in the guest and start its service.", v.vmiCondition(ready))}
	}
	failing := notServing(v1.CauseReadinessProbeFailing,
		fmt.Sprintf("The guest runs but has not passed its readiness probe for %s.", v.ago(since)),
		"See whether the guest serves what spec.template.spec.readinessProbe asks for, on the port it names.", v.vmiCondition(ready))
	if v.pod != nil {
		if e := eventSays(v.event(v.pod.UID, "Unhealthy")); e != nil {
			failing.Evidence = append(failing.Evidence, *e)
		}
	}
	return []cause{failing}
}

// notReady tells of a guest that is not ready for a reason that nobody has named.
func notReady(v *view) []cause {
	ready := v.ready()
	since := v.since(v1.VMIPhaseRunning)
	if ready == nil || ready.Status == corev1.ConditionTrue || !v.late(since, boots) || !v.late(ready.LastTransitionTime.Time,
		boots) {
		return nil
	}
	return []cause{notServing(v1.CauseNotReady,
		fmt.Sprintf("The guest runs but has not been ready for %s: %s", v.ago(ready.LastTransitionTime.Time), sentence(ready.Message)),
		"See which condition of the launcher pod is missing: kubectl describe pod.", v.vmiCondition(ready))}
}
