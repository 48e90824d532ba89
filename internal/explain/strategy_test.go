package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ended1 is the event of the end of an instance.
func ended1(uid types.UID, eventType string) change {
	return event(v1.KindVirtualMachineInstance, "vm", uid, eventType, v1.EventStopped, "The VirtualMachineInstance was shut down.")
}

func requestStart(f *Facts) {
	f.VM.Status.StateChangeRequests = []v1.VirtualMachineStateChangeRequest{{Action: v1.StateChangeRequestActionStart}}
}

func strategyStories() []story {
	return []story{
		{name: "with more than is looked at", facts: scene(v1.RunStrategyHalted, func(f *Facts) { f.Omitted = []string{"claims", "events"} }),
			notes: causes(v1.CauseHalted, v1.CauseNotAllLookedAt)},
		{name: "halted", facts: scene(v1.RunStrategyHalted), notes: causes(v1.CauseHalted), says: "off"},
		{name: "running: false", facts: scene(v1.RunStrategyHalted, func(f *Facts) {
			f.VM.Spec.RunStrategy, f.VM.Spec.Running = nil,
				ptr(false)
		}),
			notes: causes(v1.CauseHalted)},
		{name: "manual, never started", facts: scene(v1.RunStrategyManual), notes: causes(v1.CauseNotStarted), says: "Manual"},
		{name: "rerun on failure, stopped", facts: scene(v1.RunStrategyRerunOnFailure, had), notes: causes(v1.CauseNotStarted)},
		{name: "rerun on failure, powered off", facts: scene(v1.RunStrategyRerunOnFailure, had, ended1("one", corev1.EventTypeNormal)),
			notes: causes(v1.CauseGuestPoweredOff), says: "RerunOnFailure"},
		{name: "manual, powered off", facts: scene(v1.RunStrategyManual, instance(v1.VMIPhaseSucceeded, time.Hour)),
			notes: causes(v1.CauseGuestPoweredOff), says: "Manual"},
		{name: "once, powered off", facts: scene(v1.RunStrategyOnce, instance(v1.VMIPhaseSucceeded, time.Hour)),
			notes: causes(v1.CauseGuestPoweredOff)},
		{name: "waits for a guest", facts: scene(v1.RunStrategyWaitAsReceiver, instance(v1.VMIPhaseWaitingForSync, time.Hour)),
			notes: causes(v1.CauseWaitsForReceiver)},
		{name: "a start that was asked for", facts: scene(v1.RunStrategyManual, requestStart), notes: causes(v1.CauseStartPending)},
		{name: "no strategy", facts: scene("Sometimes"), causes: causes(v1.CauseRunStrategyInvalid), says: "Sometimes"},
		{
			name: "crash loop", causes: causes(v1.CauseCrashLoop), says: "3 times",
			facts: scene(v1.RunStrategyAlways, had, crashed(3),
				event(v1.KindVirtualMachineInstance, "vm", "last", corev1.EventTypeWarning, v1.EventSyncFailed, "no boot device")),
		},
		{name: "first crash", facts: scene(v1.RunStrategyAlways, had, crashed(1)), causes: causes(v1.CauseCrashLoop),
			says: "failed to start."},
		{
			name: "keeps ending", causes: causes(v1.CauseGuestKeepsEnding), says: "3 times",
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhaseRunning, time.Second, ready),
				ended1("one", corev1.EventTypeWarning), ended1("two", corev1.EventTypeWarning), ended1("three", corev1.EventTypeWarning)),
		},
		{name: "crashed under Manual", facts: scene(v1.RunStrategyManual, instance(v1.VMIPhaseRunning, time.Hour),
			func(f *Facts) { f.VMI.Status.Phase = v1.VMIPhaseFailed }),
			causes: causes(v1.CauseGuestFailed), says: "crashed"},
		{name: "failed before it ran, under Once", facts: scene(v1.RunStrategyOnce, instance(v1.VMIPhaseFailed, time.Hour)),
			causes: causes(v1.CauseGuestFailed), says: "before it ran"},
		{name: "nobody acts", facts: scene(v1.RunStrategyAlways, func(f *Facts) { f.VM.Status = v1.VirtualMachineStatus{} }),
			causes: causes(v1.CauseControllerSilent)},
		{name: "nobody acts on the instance", facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhasePending, time.Hour)),
			causes: causes(v1.CauseControllerSilent)},
	}
}

func endingStories() []story {
	terminating := func(pod *corev1.Pod) { pod.DeletionTimestamp = agoPtr(10 * time.Minute) }
	return []story{
		{name: "somebody's finalizer on the machine", facts: scene(v1.RunStrategyAlways,
			deleted(time.Minute, v1.FinalizerVM, "backup.example/hold")),
			causes: causes(v1.CauseFinalizerHeld), says: "backup.example/hold"},
		{name: "somebody's finalizer on the instance", facts: scene(v1.RunStrategyHalted,
			instance(v1.VMIPhaseSucceeded, time.Hour,
				going(time.Minute, "backup.example/hold"))), causes: causes(v1.CauseFinalizerHeld), says: "VirtualMachineInstance"},
		{name: "somebody's finalizer on the pod", facts: scene(v1.RunStrategyHalted,
			instance(v1.VMIPhaseSucceeded, time.Hour, going(10*time.Minute)),
			launcher(corev1.PodSucceeded, time.Hour, terminating,
				func(pod *corev1.Pod) { pod.Finalizers = []string{"job.example/hold"} })),
			causes: causes(v1.CauseFinalizerHeld), says: "Pod"},
		{name: "our finalizer and nobody to take it", facts: scene(v1.RunStrategyAlways, deleted(10*time.Minute, v1.FinalizerVM)),
			causes: causes(v1.CauseControllerSilent)},
		{name: "the pod does not end", facts: scene(v1.RunStrategyHalted, instance(v1.VMIPhaseRunning, time.Hour, ready,
			going(10*time.Minute)),
			launcher(corev1.PodRunning, time.Hour, terminating)), causes: causes(v1.CauseTerminationStuck)},
		{name: "the pod does not end on a node that is gone", facts: scene(v1.RunStrategyHalted, onNode(unreadyNode),
			instance(v1.VMIPhaseRunning, time.Hour, ready, going(10*time.Minute)), launcher(corev1.PodRunning, time.Hour, terminating)),
			causes: causes(v1.CauseNodeNotReady)},
		{name: "the guest shuts down", facts: scene(v1.RunStrategyAlways, deleted(5*time.Second, v1.FinalizerVM),
			instance(v1.VMIPhaseRunning, time.Hour, ready, going(5*time.Second)), launcher(corev1.PodRunning, time.Hour)),
			notes: causes(v1.CauseShuttingDown), says: "30 seconds"},
	}
}
