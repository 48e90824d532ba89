package agent

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/launcher/protocol"
)

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func instance(phase v1.VirtualMachineInstancePhase, changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name, vmi.UID = "default", "vmi", "vmi-uid"
	vmi.Status.Phase = phase
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	for _, change := range changes {
		change(vmi)
	}
	return vmi
}

func withoutACPI(vmi *v1.VirtualMachineInstance) {
	off := false
	vmi.Spec.Domain.Features = &v1.Features{ACPI: v1.FeatureState{Enabled: &off}}
}

func domain(state protocol.State, reason string) *protocol.DomainState {
	return &protocol.DomainState{State: state, Reason: reason}
}

func TestPhaseFor(t *testing.T) {
	const (
		none, running, paused = protocol.State_STATE_NONE, protocol.State_STATE_RUNNING, protocol.State_STATE_PAUSED
		stopping, shutoff     = protocol.State_STATE_SHUTTING_DOWN, protocol.State_STATE_SHUTOFF
		crash, asleep         = protocol.State_STATE_CRASHED, protocol.State_STATE_SUSPENDED
	)
	const scheduled, live, good, bad = v1.VMIPhaseScheduled, v1.VMIPhaseRunning, v1.VMIPhaseSucceeded, v1.VMIPhaseFailed
	cases := []struct {
		from   v1.VirtualMachineInstancePhase
		state  protocol.State
		reason string
		exited bool
		acpi   bool
		want   v1.VirtualMachineInstancePhase
	}{
		{scheduled, none, "", false, true, scheduled},
		{scheduled, none, "", true, true, scheduled}, // virt-controller has the pod's word on it
		{scheduled, running, "", false, true, live},
		{scheduled, paused, "User", false, true, live},
		{scheduled, paused, "StartingUp", false, true, scheduled},
		{scheduled, asleep, "", false, true, live},
		{scheduled, shutoff, "Shutdown", false, true, good},
		{live, none, "", false, true, live},
		{live, stopping, "", false, true, live},
		{live, paused, "PostcopyFailed", false, true, bad},
		{live, running, "", true, true, bad},
		{live, shutoff, "Shutdown", false, true, good},
		{live, shutoff, "Shutdown", true, true, good},
		{live, shutoff, "Saved", false, true, good},
		{live, shutoff, "FromSnapshot", false, true, good},
		{live, shutoff, "Destroyed", false, true, bad},
		{live, shutoff, "Destroyed", false, false, good},
		{live, shutoff, "Migrated", false, true, live},
		{live, shutoff, "Crashed", false, true, bad},
		{live, shutoff, "Panicked", false, true, bad},
		{live, shutoff, "Failed", false, true, bad},
		{live, shutoff, "Unknown", false, true, bad},
		{live, crash, "Panicked", false, true, bad},
		{good, running, "", false, true, good},
		{bad, shutoff, "Shutdown", false, true, bad},
		{v1.VMIPhaseScheduling, running, "", false, true, v1.VMIPhaseScheduling},
	}
	for _, c := range cases {
		vmi := instance(c.from)
		if !c.acpi {
			withoutACPI(vmi)
		}
		if got := phaseFor(vmi, domain(c.state, c.reason), c.exited); got != c.want {
			t.Errorf("%s, domain %v (%s), launcher gone %v, ACPI %v: %s, want %s", c.from, c.state, c.reason, c.exited, c.acpi, got, c.want)
		}
	}
}

func facts() *network.Facts {
	return &network.Facts{Interfaces: []network.InterfaceFacts{{
		Network: "default", PodInterface: "eth0", MAC: "02:00:00:00:00:99", Queues: 1,
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.244.1.7/24"), netip.MustParsePrefix("fd00:244::7/64")},
		Guest:     &protocol.Interface{Network: "default", Tap: "tap0", Mac: "02:aa:00:00:00:01"},
	}}}
}

func TestStatusOfAGuestThatStarts(t *testing.T) {
	vmi := instance(v1.VMIPhaseScheduled)
	vmi.Status.Conditions = []v1.Condition{
		{Type: v1.ConditionReady, Status: corev1.ConditionFalse},
		{Type: v1.ConditionSynchronized, Status: corev1.ConditionFalse, Reason: "StartFailed"},
	}
	state := domain(protocol.State_STATE_RUNNING, "")
	state.Machine = "pc-q35-10.0"
	setStatus(vmi, observation{state: state, network: facts(), synced: true, emulated: true, now: noon})

	status := vmi.Status
	if status.Phase != v1.VMIPhaseRunning || status.Machine.Type != "pc-q35-10.0" {
		t.Errorf("phase %s, machine %v", status.Phase, status.Machine)
	}
	wantTimes := []v1.VirtualMachineInstancePhaseTransitionTimestamp{{Phase: v1.VMIPhaseRunning, PhaseTransitionTimestamp: metav1.NewTime(noon)}}
	if !reflect.DeepEqual(status.PhaseTransitionTimestamps, wantTimes) {
		t.Errorf("timestamps %v", status.PhaseTransitionTimestamps)
	}
	wantInterfaces := []v1.VirtualMachineInstanceNetworkInterface{{
		Name: "default", IP: "10.244.1.7", IPs: []string{"10.244.1.7", "fd00:244::7"}, MAC: "02:aa:00:00:00:01",
		PodInterfaceName: "eth0", InfoSource: "domain", QueueCount: 1, LinkState: "up",
	}}
	if !reflect.DeepEqual(status.Interfaces, wantInterfaces) {
		t.Errorf("interfaces %+v", status.Interfaces)
	}
	want := map[v1.ConditionType]corev1.ConditionStatus{
		v1.ConditionReady: "False", v1.ConditionLiveMigratable: "False", v1.ConditionStorageLiveMigratable: "True",
		v1.ConditionSoftwareEmulation: "True",
	}
	if got := conditions(vmi); !reflect.DeepEqual(got, want) {
		t.Errorf("conditions %v, want %v", got, want)
	}

	again := vmi.DeepCopy()
	setStatus(again, observation{state: state, now: noon.Add(time.Hour)})
	if !reflect.DeepEqual(again.Status, vmi.Status) {
		t.Errorf("the same state an hour later, after a restart of the handler, changed the status to %+v", again.Status)
	}
}

func conditions(vmi *v1.VirtualMachineInstance) map[v1.ConditionType]corev1.ConditionStatus {
	got := map[v1.ConditionType]corev1.ConditionStatus{}
	for _, c := range vmi.Status.Conditions {
		got[c.Type] = c.Status
	}
	return got
}

func TestStatusOfAGuestWithAnAgent(t *testing.T) {
	vmi := instance(v1.VMIPhaseRunning)
	connected := domain(protocol.State_STATE_RUNNING, "")
	connected.Agent = &protocol.Agent{
		OsName: "Debian GNU/Linux", OsId: "debian", OsPrettyName: "Debian GNU/Linux 13", OsVersion: "13 (trixie)", OsVersionId: "13",
		KernelRelease: "6.12", KernelVersion: "#1 SMP", OsMachine: "x86_64",
		Interfaces: []*protocol.GuestInterface{
			{Name: "lo", Mac: "00:00:00:00:00:00", Ips: []string{"127.0.0.1/8"}},
			{Name: "ens3", Mac: "02:AA:00:00:00:01", Ips: []string{"10.0.2.2/24"}},
			{Name: "docker0", Mac: "02:42:00:00:00:01", Ips: []string{"172.17.0.1/16", "nonsense"}},
		},
	}
	setStatus(vmi, observation{state: connected, network: facts(), now: noon})
	if !vmi.IsConditionTrue(v1.ConditionAgentConnected) {
		t.Error("AgentConnected is not True")
	}
	wantOS := v1.VirtualMachineInstanceGuestOSInfo{
		Name: "Debian GNU/Linux", ID: "debian", PrettyName: "Debian GNU/Linux 13", Version: "13 (trixie)", VersionID: "13",
		KernelRelease: "6.12", KernelVersion: "#1 SMP", Machine: "x86_64",
	}
	if vmi.Status.GuestOSInfo != wantOS {
		t.Errorf("guestOSInfo %+v", vmi.Status.GuestOSInfo)
	}
	want := []v1.VirtualMachineInstanceNetworkInterface{
		{Name: "default", IP: "10.244.1.7", IPs: []string{"10.244.1.7", "fd00:244::7"}, MAC: "02:aa:00:00:00:01",
			PodInterfaceName: "eth0", InterfaceName: "ens3", InfoSource: "domain, guest-agent", QueueCount: 1, LinkState: "up"},
		{IP: "172.17.0.1", IPs: []string{"172.17.0.1"}, MAC: "02:42:00:00:00:01", InterfaceName: "docker0", InfoSource: "guest-agent"},
	}
	if !reflect.DeepEqual(vmi.Status.Interfaces, want) {
		t.Errorf("interfaces %+v", vmi.Status.Interfaces)
	}

	setStatus(vmi, observation{state: domain(protocol.State_STATE_RUNNING, ""), now: noon})
	if vmi.Condition(v1.ConditionAgentConnected) != nil {
		t.Error("AgentConnected stays without an agent")
	}
	if len(vmi.Status.Interfaces) != 1 || vmi.Status.Interfaces[0].InfoSource != "domain" || vmi.Status.Interfaces[0].IP != "10.244.1.7" {
		t.Errorf("interfaces without an agent %+v", vmi.Status.Interfaces)
	}
}

func TestPausedCondition(t *testing.T) {
	for reason, want := range map[string]string{
		"User": "PausedByUser", "IOError": "PausedIOError", "Migration": "PausedByMigrationMonitor", "Snapshot": "",
	} {
		vmi := instance(v1.VMIPhaseRunning)
		setStatus(vmi, observation{state: domain(protocol.State_STATE_PAUSED, reason), network: facts(), now: noon})
		got := ""
		if c := vmi.Condition(v1.ConditionPaused); c != nil {
			got = c.Reason
		}
		if got != want {
			t.Errorf("paused because of %s: reason %q, want %q", reason, got, want)
		}
		setStatus(vmi, observation{state: domain(protocol.State_STATE_RUNNING, ""), now: noon})
		if vmi.Condition(v1.ConditionPaused) != nil {
			t.Errorf("still paused after it runs again (%s)", reason)
		}
	}
}

func TestFrozen(t *testing.T) {
	vmi := instance(v1.VMIPhaseRunning)
	frozen := domain(protocol.State_STATE_RUNNING, "")
	frozen.Frozen = true
	for _, c := range []struct {
		state *protocol.DomainState
		want  string
	}{
		{frozen, "frozen"},
		{domain(protocol.State_STATE_RUNNING, ""), ""},
		{frozen, "frozen"},
		{domain(protocol.State_STATE_SHUTOFF, "Shutdown"), ""},
	} {
		setStatus(vmi, observation{state: c.state, network: facts(), now: noon})
		if vmi.Status.FSFreezeStatus != c.want {
			t.Errorf("domain %v: fsFreezeStatus %q, want %q", c.state, vmi.Status.FSFreezeStatus, c.want)
		}
	}
}

func TestStatusOfAGuestThatEnds(t *testing.T) {
	vmi := instance(v1.VMIPhaseRunning)
	vmi.Status.Conditions = []v1.Condition{
		{Type: v1.ConditionAgentConnected, Status: corev1.ConditionTrue}, {Type: v1.ConditionPaused, Status: corev1.ConditionTrue},
		{Type: v1.ConditionReady, Status: corev1.ConditionTrue},
	}
	setStatus(vmi, observation{state: domain(protocol.State_STATE_SHUTOFF, "Shutdown"), now: noon})
	if vmi.Status.Phase != v1.VMIPhaseSucceeded {
		t.Errorf("phase %s", vmi.Status.Phase)
	}
	if got := conditions(vmi); len(got) != 1 || got[v1.ConditionReady] != "True" {
		t.Errorf("conditions %v", got) // Ready is virt-controller's
	}
}

func TestProblemAndItsEnd(t *testing.T) {
	vmi := instance(v1.VMIPhaseScheduled)
	before := vmi.DeepCopy()
	setStatus(vmi, observation{state: &protocol.DomainState{}, problem: &problem{reason: "StartFailed", message: "no space"}, now: noon})
	if c := vmi.Condition(v1.ConditionSynchronized); c == nil || c.Status != "False" || c.Reason != "StartFailed" || c.Message != "no space" {
		t.Errorf("condition %+v", c)
	}
	if events := eventsFor(before, vmi); len(events) != 1 || events[0].Reason != "SyncFailed" || events[0].Type != "Warning" {
		t.Errorf("events %v", events)
	}
	again := vmi.DeepCopy()
	setStatus(again, observation{state: &protocol.DomainState{}, problem: &problem{reason: "StartFailed", message: "no space"}, now: noon.Add(time.Minute)})
	if events := eventsFor(vmi, again); len(events) != 0 || !reflect.DeepEqual(vmi, again) {
		t.Errorf("the same problem again: events %v", events)
	}
	setStatus(again, observation{state: &protocol.DomainState{}, now: noon}) // nothing tried, nothing known
	if again.Condition(v1.ConditionSynchronized) == nil {
		t.Error("the problem is gone although nothing has changed")
	}
	setStatus(again, observation{state: &protocol.DomainState{}, synced: true, now: noon})
	if again.Condition(v1.ConditionSynchronized) != nil {
		t.Error("the problem stays although it is solved")
	}
}

func TestEventsFor(t *testing.T) {
	deleted := func(vmi *v1.VirtualMachineInstance) { vmi.DeletionTimestamp = &metav1.Time{Time: noon} }
	pausedFor := func(reason string) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionPaused, Status: "True", Reason: reason}}
		}
	}
	cases := []struct {
		name          string
		before, after *v1.VirtualMachineInstance
		want          string
	}{
		{"starts", instance(v1.VMIPhaseScheduled), instance(v1.VMIPhaseRunning), "Normal Started"},
		{"runs on", instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseRunning), ""},
		{"powers off", instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseSucceeded), "Normal Stopped"},
		{"crashes", instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseFailed), "Warning Stopped"},
		{"is deleted", instance(v1.VMIPhaseRunning, deleted), instance(v1.VMIPhaseSucceeded, deleted), ""},
		{"is destroyed for its deletion", instance(v1.VMIPhaseRunning, deleted), instance(v1.VMIPhaseFailed, deleted), ""},
		{"is paused", instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseRunning, pausedFor("PausedByUser")), "Normal Paused"},
		{"has a bad disk", instance(v1.VMIPhaseRunning), instance(v1.VMIPhaseRunning, pausedFor("PausedIOError")), "Warning Paused"},
		{"goes on", instance(v1.VMIPhaseRunning, pausedFor("PausedByUser")), instance(v1.VMIPhaseRunning), "Normal Unpaused"},
		{"ends while paused", instance(v1.VMIPhaseRunning, pausedFor("PausedByUser")), instance(v1.VMIPhaseSucceeded), "Normal Stopped"},
	}
	for _, c := range cases {
		got := ""
		for _, e := range eventsFor(c.before, c.after) {
			got += e.Type + " " + e.Reason
		}
		if got != c.want {
			t.Errorf("%s: events %q, want %q", c.name, got, c.want)
		}
	}
}

func TestActivePod(t *testing.T) {
	vmi := instance(v1.VMIPhaseScheduled)
	vmi.Status.NodeName = "node01"
	vmi.Status.ActivePods = map[types.UID]string{"a": "node02", "b": "node01", "c": ""}
	if pod := activePod(vmi, "node01"); pod != "b" {
		t.Errorf("pod %q", pod)
	}
	if pod := activePod(vmi, "node02"); pod != "" {
		t.Errorf("pod %q of an instance that is on another node", pod)
	}
}
