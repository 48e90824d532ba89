package agent

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// TestCredentials goes through what a launcher says of one guest; each step tells what is
// new and nothing else.
func TestCredentials(t *testing.T) {
	const (
		waiting = protocol.CredentialState_CREDENTIAL_STATE_WAITING
		inGuest = protocol.CredentialState_CREDENTIAL_STATE_IN_GUEST
		failed  = protocol.CredentialState_CREDENTIAL_STATE_FAILED
	)
	vmi := instance(v1.VMIPhaseRunning)
	for i, step := range []struct {
		state   protocol.CredentialState
		message string
		status  corev1.ConditionStatus
		reason  string
		event   string
	}{
		{waiting, "", corev1.ConditionFalse, v1.ReasonGuestAgentPending, ""},
		{inGuest, "", corev1.ConditionTrue, v1.ReasonCredentialsInGuest, v1.EventAccessCredentialsSyncSuccess},
		{inGuest, "", corev1.ConditionTrue, v1.ReasonCredentialsInGuest, ""},
		{failed, "no such user", corev1.ConditionFalse, v1.ReasonCredentialsNotInGuest, v1.EventAccessCredentialsSyncFailed},
		{failed, "no such user " + strings.Repeat("é", 1<<20), corev1.ConditionFalse, v1.ReasonCredentialsNotInGuest, ""},
		{inGuest, "", corev1.ConditionTrue, v1.ReasonCredentialsInGuest, v1.EventAccessCredentialsSyncSuccess},
	} {
		before := vmi.DeepCopy()
		state := domain(protocol.State_STATE_RUNNING, "")
		state.Credentials, state.CredentialMessage = step.state, step.message
		setStatus(vmi, observation{state: state, now: noon})
		got := vmi.Condition(v1.ConditionAccessCredentialsSynchronized)
		if got == nil || got.Status != step.status || got.Reason != step.reason || len(got.Message) > maxCredentialMessage {
			t.Fatalf("step %d: %+v", i, got)
		}
		events := eventsFor(before, vmi)
		if step.event == "" && len(events) != 0 || step.event != "" && (len(events) != 1 || events[0].Reason != step.event) {
			t.Errorf("step %d: events %+v", i, events)
		}
	}
	setStatus(vmi, observation{now: noon}) // the launcher says nothing
	if vmi.Condition(v1.ConditionAccessCredentialsSynchronized) == nil {
		t.Error("forgotten while nobody said anything")
	}
	setStatus(vmi, observation{state: domain(protocol.State_STATE_RUNNING, ""), now: noon})
	if got := vmi.Condition(v1.ConditionAccessCredentialsSynchronized); got != nil {
		t.Errorf("an instance without has %+v", got)
	}
}
