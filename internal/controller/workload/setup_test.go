package workload

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// While nothing is outdated no change of an instance is anything to look at.
func TestMatters(t *testing.T) {
	old := instance(nil)
	marked := instance(func(vmi *v1.VirtualMachineInstance) {
		vmi.Labels = map[string]string{v1.LabelOutdatedLauncherImage: ""}
	})
	told := marked.DeepCopy()
	told.Status.EvacuationNodeName = "node01"
	deleted := marked.DeepCopy()
	deleted.DeletionTimestamp = &metav1.Time{Time: noon}
	ended := marked.DeepCopy()
	ended.Status.Phase = v1.VMIPhaseSucceeded
	fresh := instance(func(vmi *v1.VirtualMachineInstance) { vmi.Status.LauncherContainerImageVersion = current })
	scheduled, paused, freshEnded := fresh.DeepCopy(), fresh.DeepCopy(), fresh.DeepCopy()
	scheduled.Status.Phase = v1.VMIPhaseScheduled
	paused.Status.Conditions = []v1.Condition{{Type: v1.ConditionPaused, Status: "True"}}
	freshEnded.Status.Phase = v1.VMIPhaseFailed
	freshMarked := marked.DeepCopy()
	freshMarked.Status.LauncherContainerImageVersion = current

	matters := (&Reconciler{Client: launchers{}, LauncherImage: current}).matters()
	for name, c := range map[string]struct {
		before, after *v1.VirtualMachineInstance
		want          bool
	}{
		"starts":                      {scheduled, fresh, false},
		"runs on":                     {fresh, paused, false},
		"ends":                        {fresh, freshEnded, false},
		"is not marked yet":           {old, old, true},
		"has been marked":             {old, marked, false},
		"is outdated still":           {marked, marked, false},
		"was told to leave":           {marked, told, true},
		"is being deleted":            {marked, deleted, true},
		"has shut down":               {marked, ended, true},
		"has moved":                   {marked, freshMarked, true},
		"has lost its mark, rightly":  {freshMarked, fresh, false},
		"has lost its mark, wrongly":  {marked, old, true},
		"was marked by somebody else": {fresh, freshMarked, true},
	} {
		if got := matters.Update(event.UpdateEvent{ObjectOld: c.before, ObjectNew: c.after}); got != c.want {
			t.Errorf("a guest that %s: %t", name, got)
		}
	}
	for vmi, want := range map[*v1.VirtualMachineInstance]bool{fresh: false, scheduled: false, ended: false, old: true, marked: true, freshMarked: true} {
		if got := matters.Create(event.CreateEvent{Object: vmi}); got != want {
			t.Errorf("seen first as %+v: %t", vmi.Status, got)
		}
	}
	for vmi, want := range map[*v1.VirtualMachineInstance]bool{fresh: false, ended: false, marked: true} {
		if got := matters.Delete(event.DeleteEvent{Object: vmi}); got != want {
			t.Errorf("gone as %+v: %t", vmi.Status, got)
		}
	}
}
