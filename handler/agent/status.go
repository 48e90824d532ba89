package agent

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/migratability"
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
	// ipv6First: pods name their IPv6 address first.
	ipv6First bool
	// synced: the wanted state was handed over, and problem is how that ended.
	synced  bool
	problem *problem
	// emulated: the guest was started without KVM.
	emulated bool
	// plugin returns the cluster's plugin that binds an interface.
	plugin func(*v1.Interface) (v1.InterfaceBindingPlugin, bool)
	now    time.Time
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
	setMemoryDump(vmi, phase, o.state.GetMemoryDump(), o.now)
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
	setVolumes(vmi, o.state.GetDisks())
	status.Interfaces = interfacesFor(vmi, o.network, o.state.GetAgent(), o.ipv6First)
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
	case running && lostFilesystems(vmi, o.state) != "":
		condition.False(list, v1.ConditionSynchronized, v1.ReasonMissingVirtiofsContainers, lostFilesystems(vmi, o.state), o.now)
	case o.synced, running:
		condition.Remove(list, v1.ConditionSynchronized)
	}
	flag(v1.ConditionAgentConnected, running && o.state.GetAgent() != nil, "", "")
	reason, message := pausedFor(vmi, o.state)
	flag(v1.ConditionPaused, running && reason != "", reason, message)
	setCredentials(list, running, o.state, o.now)
	if !running {
		return
	}
	bonds := migratability.Bonds(vmi, migratability.Facts{Plugin: o.plugin})
	condition.Set(list, migratability.Live(bonds), o.now)
	condition.Set(list, migratability.Storage(bonds), o.now)
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
