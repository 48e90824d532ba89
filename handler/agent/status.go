package agent

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/internal/condition"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// fsFrozen is status.fsFreezeStatus of a guest whose filesystems stand still.
const fsFrozen = "frozen"

// observation is everything about one guest that its status is made from.
type observation struct {
	// state is the launcher's last word; nil when there was none.
	state *protocol.DomainState
	// exited: the launcher's process was seen to end.
	exited bool
	// network is what the pod's network looks like; nil when it was not looked at.
	network *network.Facts
	// synced: the wanted state was handed over, and problem is how that ended.
	synced  bool
	problem *problem
	// emulated: the guest was started without KVM.
	emulated bool
	now      time.Time
}

// problem keeps an instance from its wanted state.
type problem struct {
	reason, message string
}

// setStatus is the one place that writes virt-handler's part of a status: facts
// first, conditions next, the phase last.
func setStatus(vmi *v1.VirtualMachineInstance, o observation) {
	phase := phaseFor(vmi, o.state, o.exited)
	if phase == v1.VMIPhaseRunning {
		setFacts(vmi, o)
	}
	vmi.Status.FSFreezeStatus = ""
	if phase == v1.VMIPhaseRunning && o.state.GetFrozen() {
		vmi.Status.FSFreezeStatus = fsFrozen
	}
	setConditions(vmi, phase, o)
	enter(vmi, phase, o.now)
}

// setFacts fills in what the running guest looks like.
func setFacts(vmi *v1.VirtualMachineInstance, o observation) {
	status := &vmi.Status
	if machine := o.state.GetMachine(); machine != "" {
		status.Machine = &v1.Machine{Type: machine}
	}
	status.Interfaces = interfacesFor(vmi, o.network, o.state.GetAgent())
	if agent := o.state.GetAgent(); agent != nil {
		status.GuestOSInfo = v1.VirtualMachineInstanceGuestOSInfo{
			Name: agent.GetOsName(), ID: agent.GetOsId(), PrettyName: agent.GetOsPrettyName(),
			Version: agent.GetOsVersion(), VersionID: agent.GetOsVersionId(),
			KernelRelease: agent.GetKernelRelease(), KernelVersion: agent.GetKernelVersion(), Machine: agent.GetOsMachine(),
		}
	}
}

func setConditions(vmi *v1.VirtualMachineInstance, phase v1.VirtualMachineInstancePhase, o observation) {
	list := &vmi.Status.Conditions
	running := phase == v1.VMIPhaseRunning
	flag := func(t v1.ConditionType, on bool, reason, message string) {
		if on {
			condition.True(list, t, reason, message, o.now)
		} else {
			condition.Remove(list, t)
		}
	}
	switch {
	case o.problem != nil:
		condition.False(list, v1.ConditionSynchronized, o.problem.reason, o.problem.message, o.now)
	case o.synced, running:
		condition.Remove(list, v1.ConditionSynchronized)
	}
	flag(v1.ConditionAgentConnected, running && o.state.GetAgent() != nil, "", "")
	reason, message := pausedFor(o.state)
	flag(v1.ConditionPaused, running && reason != "", reason, message)
	if !running {
		return
	}
	const unsupported = "live migration is not supported by this version"
	condition.False(list, v1.ConditionLiveMigratable, v1.ReasonNotMigratable, unsupported, o.now)
	condition.False(list, v1.ConditionStorageLiveMigratable, v1.ReasonNotMigratable, unsupported, o.now)
	if vmi.Status.Phase != v1.VMIPhaseRunning {
		flag(v1.ConditionSoftwareEmulation, o.emulated, "", "")
	}
}

// enter records a phase and when it began.
func enter(vmi *v1.VirtualMachineInstance, phase v1.VirtualMachineInstancePhase, now time.Time) {
	status := &vmi.Status
	if status.Phase == phase {
		return
	}
	status.Phase = phase
	for _, passed := range status.PhaseTransitionTimestamps {
		if passed.Phase == phase {
			return
		}
	}
	status.PhaseTransitionTimestamps = append(status.PhaseTransitionTimestamps, v1.VirtualMachineInstancePhaseTransitionTimestamp{
		Phase: phase, PhaseTransitionTimestamp: metav1.NewTime(now.Truncate(time.Second)),
	})
}
