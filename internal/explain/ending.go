package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// podGraceMargin is what a launcher pod's grace period leaves beyond the guest's.
const podGraceMargin = 30 * time.Second

// ownFinalizers are ours, and those of the API server that only keep an order.
var ownFinalizers = []string{
	v1.FinalizerVM, v1.FinalizerVMI, v1.FinalizerVMILegacy, metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents,
}

func foreignFinalizers(finalizers []string) []string {
	return slices.DeleteFunc(slices.Clone(finalizers), func(f string) bool { return slices.Contains(ownFinalizers, f) })
}

// ending says what keeps a machine or its instance from going away.
func ending(v *view) []cause {
	if v.VMI == nil {
		if held := foreignFinalizers(v.VM.Finalizers); len(held) > 0 && v.late(v.VM.DeletionTimestamp.Time, settles) {
			return []cause{finalizerHeld(v1.KindVirtualMachine, "vm", v.VM.Name, v.VM.Namespace, held)}
		}
		return controllerSilent(v, v.VM.DeletionTimestamp)
	}
	began := v.VMI.DeletionTimestamp
	if began.IsZero() {
		began = v.VM.DeletionTimestamp
	}
	grace := time.Duration(v.VMI.GracePeriod())*time.Second + podGraceMargin
	overdue := v.late(began.Time, grace+settles)
	switch {
	case v.pod == nil || ended(v.pod):
		if held := foreignFinalizers(v.VMI.Finalizers); len(held) > 0 && v.late(began.Time, settles) {
			return []cause{finalizerHeld(v1.KindVirtualMachineInstance, "vmi", v.VM.Name, v.VM.Namespace, held)}
		}
		if v.pod != nil && len(v.pod.Finalizers) > 0 && overdue {
			return []cause{finalizerHeld(kindPod, "pod", v.pod.Name, v.VM.Namespace, v.pod.Finalizers)}
		}
	case overdue:
		if found := nodeDown(v); len(found) > 0 {
			return found
		}
		return []cause{notRunning(v1.CauseTerminationStuck,
			fmt.Sprintf("The launcher pod has not ended %s after it was asked to, longer than its grace period.", v.ago(began.Time)),
			fmt.Sprintf("Look at the kubelet of its node, and at the pod: kubectl describe pod %s -n %s.", v.pod.Name, v.VM.Namespace),
			seen(kindPod, v.pod.Name, "metadata.deletionTimestamp", stamp(v.pod.DeletionTimestamp)))}
	case !v.VMI.IsFinal():
		return []cause{note(notRunning(v1.CauseShuttingDown,
			fmt.Sprintf("The guest has been asked to shut down; it has %d seconds for it.", v.VMI.GracePeriod()),
			fmt.Sprintf("Wait, or end it at once: virtctl stop %s -n %s --force --grace-period=0.", v.VM.Name, v.VM.Namespace),
			v.vmiSays("metadata.deletionTimestamp", stamp(began)),
			v.vmiSays("spec.terminationGracePeriodSeconds", fmt.Sprint(v.VMI.GracePeriod()))))}
	}
	return nil
}

func stamp(t *metav1.Time) string {
	if t == nil {
		return "unset"
	}
	return t.UTC().Format(time.RFC3339)
}

func finalizerHeld(kind, short, name, namespace string, held []string) cause {
	list := strings.Join(held, ", ")
	return notRunning(v1.CauseFinalizerHeld,
		fmt.Sprintf("%s %s cannot go away: it has the finalizer %s, which is not of virtual machines.", kind, name, list),
		fmt.Sprintf("Let the finalizer's owner do its work. If there is none any more: kubectl patch %s %s -n %s --type=merge "+
			`-p '{"metadata":{"finalizers":null}}'.`, short, name, namespace),
		seen(kind, name, "metadata.finalizers", list))
}

// controllerSilent tells that nobody does what is due since a time.
func controllerSilent(v *view, due *metav1.Time) []cause {
	if due == nil || !v.late(due.Time, acts) {
		return nil
	}
	return []cause{notRunning(v1.CauseControllerSilent, fmt.Sprintf("virt-controller has not acted for %s.", v.ago(due.Time)),
		"See whether it runs, alone or in virt-api: kubectl get pods -A -l 'kubevirt.io in (virt-controller,virt-api)', and look at its log.",
		v.vmSays("status.printableStatus", string(v.VM.Status.PrintableStatus)))}
}

// slow tells of steps that nobody has taken for long, and of which nothing else is known.
func slow(v *view) []cause {
	switch {
	case v.VMI == nil:
		if v.VM.Status.RunStrategy == "" && len(v.VM.Status.Conditions) == 0 {
			return controllerSilent(v, &v.VM.CreationTimestamp)
		}
	case v.VMI.IsUnprocessed() && v.pod == nil:
		return waitingClaims(v)
	case v.VMI.IsScheduled():
		return handlerSlow(v)
	case v.pod == nil || ended(v.pod):
	case v.pod.Spec.NodeName == "":
		return schedulerSilent(v)
	case v.late(v.pod.CreationTimestamp.Time, launches):
		return []cause{notRunning(v1.CauseLauncherSlow,
			fmt.Sprintf("The launcher pod has been starting on its node for %s.", v.ago(v.pod.CreationTimestamp.Time)),
			fmt.Sprintf("See what the kubelet says: kubectl describe pod %s -n %s.", v.pod.Name, v.VM.Namespace),
			seen(kindPod, v.pod.Name, "status.phase", string(v.pod.Status.Phase)), eventSays(v.freshEvent(v.pod.UID, anyPodReason...)))}
	}
	return nil
}

// anyPodReason are the kubelet's events on the way to a running container.
var anyPodReason = []string{"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulAttachVolume", "Failed", "BackOff"}

func waitingClaims(v *view) []cause {
	if len(v.claimNames()) > 0 {
		return nil // the controller waits for them with reason
	}
	return controllerSilent(v, &v.VMI.CreationTimestamp)
}

func schedulerSilent(v *view) []cause {
	c := podCondition(v.pod, corev1.PodScheduled)
	if c != nil && c.Reason != corev1.PodReasonSchedulingGated || !v.late(v.pod.CreationTimestamp.Time, acts) {
		return nil
	}
	name := v.pod.Spec.SchedulerName
	if name == "" {
		name = corev1.DefaultSchedulerName
	}
	return []cause{notRunning(v1.CauseSchedulerSilent,
		fmt.Sprintf("Scheduler %s has not looked at the launcher pod for %s.", name, v.ago(v.pod.CreationTimestamp.Time)),
		"See whether a scheduler of that name runs, or correct spec.template.spec.schedulerName.",
		seen(kindPod, v.pod.Name, "spec.schedulerName", name), v.vmiSays("spec.schedulerName", v.spec.SchedulerName))}
}

func handlerSlow(v *view) []cause {
	since := v.since(v1.VMIPhaseScheduled)
	if !v.late(since, launches) {
		return nil
	}
	return []cause{notRunning(v1.CauseHandlerSlow,
		fmt.Sprintf("The launcher pod is up, but virt-handler on its node has not started the guest for %s.", v.ago(since)),
		"Look at virt-handler on the node: kubectl get pods -A -l kubevirt.io=virt-handler -o wide, and at its log.",
		v.vmiSays("status.phase", string(v.VMI.Status.Phase)), v.vmiSays("status.nodeName", v.VMI.Status.NodeName))}
}
