package agent

import (
	"strings"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/condition"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// maxCredentialMessage is how much of what a launcher says about credentials is shown.
const maxCredentialMessage = 1024

// setCredentials says whether the guest has the access credentials that its agent brings.
func setCredentials(list *[]v1.Condition, running bool, state *protocol.DomainState, now time.Time) {
	const t = v1.ConditionAccessCredentialsSynchronized
	if !running || state == nil {
		return
	}
	message := state.GetCredentialMessage()
	message = strings.ToValidUTF8(message[:min(len(message), maxCredentialMessage)], "")
	switch state.GetCredentials() {
	case protocol.CredentialState_CREDENTIAL_STATE_WAITING:
		condition.False(list, t, v1.ReasonGuestAgentPending, "the guest agent has not taken the access credentials yet", now)
	case protocol.CredentialState_CREDENTIAL_STATE_IN_GUEST:
		condition.True(list, t, v1.ReasonCredentialsInGuest, "", now)
	case protocol.CredentialState_CREDENTIAL_STATE_FAILED:
		condition.False(list, t, v1.ReasonCredentialsNotInGuest, message, now)
	default:
		condition.Remove(list, t)
	}
}

func credentialsInGuest() event.Event {
	return event.Normal(v1.EventAccessCredentialsSyncSuccess, "Access credentials are in the guest.")
}

func credentialsFailed(message string) event.Event {
	return event.Warning(v1.EventAccessCredentialsSyncFailed, "Access credentials are not all in the guest: %s", message)
}

// credentialEvents tells when credentials reach the guest, and once when they do not.
func credentialEvents(before, after *v1.VirtualMachineInstance) []event.Event {
	was, is := before.Condition(v1.ConditionAccessCredentialsSynchronized), after.Condition(v1.ConditionAccessCredentialsSynchronized)
	if is == nil || was != nil && was.Reason == is.Reason {
		return nil
	}
	switch is.Reason {
	case v1.ReasonCredentialsInGuest:
		return []event.Event{credentialsInGuest()}
	case v1.ReasonCredentialsNotInGuest:
		return []event.Event{credentialsFailed(is.Message)}
	}
	return nil
}
