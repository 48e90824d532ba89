package server

import (
	"cmp"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/handler/protocol"
	launcher "kubevirt.io/kubevirt/launcher/protocol"
)

func asked(action protocol.Action) *protocol.SignalRequest {
	return &protocol.SignalRequest{Namespace: "default", Name: "vmi", Uid: "vmi-uid", Action: action, ThawAfterSeconds: 90}
}

// told returns the events since the last time.
func (f fixture) told() []string {
	var list []string
	for _, e := range f.events.Take() {
		list = append(list, e.About.String()+" "+e.Type+" "+e.Reason)
	}
	return list
}

func TestSignalIsHandedOn(t *testing.T) {
	f := newFixture(t)
	var thawAfter uint32
	f.launcher.OnSignal(func(request *launcher.SignalRequest) error {
		thawAfter += request.GetThawAfterSeconds()
		return nil
	})
	client := f.call(t, f.clientConfig(t, apiClient))
	events := map[protocol.Action][]string{
		protocol.Action_ACTION_RESET:  {"default/vmi Normal Reset"},
		protocol.Action_ACTION_REBOOT: {"default/vmi Normal SoftRebooted"},
	}
	want := []launcher.Action{
		launcher.Action_ACTION_PAUSE, launcher.Action_ACTION_RESUME, launcher.Action_ACTION_RESET, launcher.Action_ACTION_REBOOT,
		launcher.Action_ACTION_FREEZE, launcher.Action_ACTION_UNFREEZE,
	}
	for number := 1; number < len(protocol.Action_name); number++ {
		action := protocol.Action(number)
		if _, err := client.Signal(t.Context(), asked(action)); err != nil {
			t.Errorf("%v: %v", action, err)
		}
		if told := f.told(); !slices.Equal(told, events[action]) {
			t.Errorf("%v: events %q, want %q", action, told, events[action])
		}
	}
	if got := f.launcher.Signals(); !slices.Equal(got, want) {
		t.Errorf("the launcher was asked %v, want %v", got, want)
	}
	if thawAfter != 90 {
		t.Errorf("thawed after %d seconds", thawAfter)
	}
}

func TestSignalRefusals(t *testing.T) {
	f := newFixture(t)
	client := f.call(t, f.clientConfig(t, apiClient))
	other, former, unknown, endless := asked(1), asked(1), asked(99), asked(protocol.Action_ACTION_FREEZE)
	other.Name, former.Uid, endless.ThawAfterSeconds = "other", "former-uid", 0
	for name, c := range map[string]struct {
		request *protocol.SignalRequest
		code    codes.Code
	}{
		"another name":         {other, codes.NotFound},
		"another UID":          {former, codes.NotFound},
		"unknown action":       {unknown, codes.InvalidArgument},
		"no action":            {asked(0), codes.InvalidArgument},
		"freeze without limit": {endless, codes.InvalidArgument},
	} {
		if _, err := client.Signal(t.Context(), c.request); status.Code(err) != c.code {
			t.Errorf("%s: %v, want %v", name, err, c.code)
		}
	}
	if got := f.launcher.Signals(); len(got) != 0 {
		t.Errorf("the launcher was asked %v", got)
	}
	stranger := f.call(t, f.clientConfig(t, "kubevirt.io:system:client:virt-controller"))
	if _, err := stranger.Signal(t.Context(), asked(1)); status.Code(err) != codes.Unavailable {
		t.Errorf("another component: %v", err)
	}
}

func TestLaunchersErrors(t *testing.T) {
	f := newFixture(t)
	client := f.call(t, f.clientConfig(t, apiClient))
	const freeze, thaw = protocol.Action_ACTION_FREEZE, protocol.Action_ACTION_UNFREEZE
	for _, c := range []struct {
		action  protocol.Action
		code    codes.Code
		reason  launcher.Reason
		want    codes.Code
		message string
		event   string
		says    string
	}{
		{freeze, codes.FailedPrecondition, launcher.ReasonNoAgent, codes.FailedPrecondition, "no", "", ""},
		{freeze, codes.FailedPrecondition, launcher.ReasonPaused, codes.FailedPrecondition, "no", "", ""},
		{freeze, codes.Internal, launcher.ReasonActionFailed, codes.Internal, "no", "default/vmi Warning FreezeError", ""},
		{thaw, codes.Internal, launcher.ReasonActionFailed, codes.Internal, "no", "default/vmi Warning FreezeError", ""},
		{protocol.Action_ACTION_RESET, codes.Internal, launcher.ReasonActionFailed, codes.Internal, "no", "", ""},
		{protocol.Action_ACTION_REBOOT, codes.FailedPrecondition, launcher.ReasonTerminating, codes.FailedPrecondition, "no", "", ""},
		{protocol.Action_ACTION_PAUSE, codes.FailedPrecondition, launcher.ReasonNotRunning, codes.FailedPrecondition, "no", "", ""},
		{protocol.Action_ACTION_PAUSE, codes.Unavailable, launcher.ReasonHypervisorUnavailable, codes.Unavailable, "no", "", ""},
		{protocol.Action_ACTION_PAUSE, codes.FailedPrecondition, launcher.ReasonStaleSession, codes.Unavailable, "no", "", ""},
		{protocol.Action_ACTION_PAUSE, codes.InvalidArgument, launcher.ReasonInvalidRequest, codes.FailedPrecondition,
			"the guest was started by an earlier version, which cannot do this: restart the virtual machine to update it", "", "action 4 is not known"},
		{freeze, codes.InvalidArgument, launcher.ReasonInvalidRequest, codes.InvalidArgument, "no", "", ""},
		{protocol.Action_ACTION_PAUSE, codes.Unavailable, "", codes.Unavailable, "the guest's launcher cannot be reached: no", "", ""},
	} {
		f.launcher.OnSignal(func(*launcher.SignalRequest) error { return launcher.NewError(c.code, c.reason, cmp.Or(c.says, "no")) })
		_, err := client.Signal(t.Context(), asked(c.action))
		if status.Code(err) != c.want || status.Convert(err).Message() != c.message {
			t.Errorf("%v, %s: %v", c.action, c.reason, err)
		}
		told := f.told()
		if c.event == "" && len(told) != 0 || c.event != "" && !slices.Equal(told, []string{c.event}) {
			t.Errorf("%v, %s: events %q", c.action, c.reason, told)
		}
	}
}
