//go:build libvirt_dlopen

package libvirt

import (
	"errors"
	"strings"
	"testing"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// The same error has the same words at every try.
func TestNotStarted(t *testing.T) {
	const words = "qemu-system-x86_64: -blockdev {}: Active L1 table offset invalid"
	for _, message := range []string{
		"internal error: qemu unexpectedly closed the monitor: 2026-11-26T03:09:17.497476Z " + words,
		"internal error: process exited while connecting to monitor: 2026-11-26T03:09:18.4Z " + words,
		words,
	} {
		if got := notStarted(golibvirt.Error{Message: message}); got.Error() != words {
			t.Errorf("%q", got)
		}
	}
	if other := errors.New("virError"); !errors.Is(notStarted(other), other) {
		t.Error("an error that is not libvirt's was changed")
	}
}

func TestStatusOfEvent(t *testing.T) {
	status := func(state hypervisor.State, reason string) hypervisor.Status {
		return hypervisor.Status{State: state, Reason: reason}
	}
	for name, tc := range map[string]struct {
		event    golibvirt.DomainEventLifecycle
		panicked bool
		want     hypervisor.Status
		news     bool
	}{
		"started":         {golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_STARTED}, false, status(hypervisor.StateRunning, ""), true},
		"resumed":         {golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_RESUMED}, false, status(hypervisor.StateRunning, ""), true},
		"defined":         {golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_DEFINED}, false, hypervisor.Status{}, false},
		"panic alone":     {golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_CRASHED}, true, hypervisor.Status{}, false},
		"paused":          {suspended(golibvirt.DOMAIN_EVENT_SUSPENDED_PAUSED), false, status(hypervisor.StatePaused, "User"), true},
		"I/O error":       {suspended(golibvirt.DOMAIN_EVENT_SUSPENDED_IOERROR), false, status(hypervisor.StatePaused, "IOError"), true},
		"API error":       {suspended(golibvirt.DOMAIN_EVENT_SUSPENDED_API_ERROR), false, status(hypervisor.StatePaused, "Unknown"), true},
		"asleep":          {golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_PMSUSPENDED}, false, status(hypervisor.StateSuspended, ""), true},
		"shutting down":   {golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_SHUTDOWN}, false, status(hypervisor.StateShuttingDown, ""), true},
		"shut down":       {stopped(golibvirt.DOMAIN_EVENT_STOPPED_SHUTDOWN), false, status(hypervisor.StateShutoff, "Shutdown"), true},
		"destroyed":       {stopped(golibvirt.DOMAIN_EVENT_STOPPED_DESTROYED), false, status(hypervisor.StateShutoff, "Destroyed"), true},
		"migrated":        {stopped(golibvirt.DOMAIN_EVENT_STOPPED_MIGRATED), false, status(hypervisor.StateShutoff, "Migrated"), true},
		"saved":           {stopped(golibvirt.DOMAIN_EVENT_STOPPED_SAVED), false, status(hypervisor.StateShutoff, "Saved"), true},
		"crashed":         {stopped(golibvirt.DOMAIN_EVENT_STOPPED_CRASHED), false, status(hypervisor.StateCrashed, "Crashed"), true},
		"panicked":        {stopped(golibvirt.DOMAIN_EVENT_STOPPED_CRASHED), true, status(hypervisor.StateCrashed, "Panicked"), true},
		"QEMU was lost":   {stopped(golibvirt.DOMAIN_EVENT_STOPPED_FAILED), false, status(hypervisor.StateCrashed, "Crashed"), true},
		"from a snapshot": {stopped(golibvirt.DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT), false, status(hypervisor.StateShutoff, "FromSnapshot"), true},
	} {
		if got, news := statusOfEvent(&tc.event, tc.panicked, false); got != tc.want || news != tc.news {
			t.Errorf("%s: %v %v, want %v %v", name, got, news, tc.want, tc.news)
		}
	}
}

// A domain that was to start paused never counts as running before it is resumed.
func TestStatusOfAPausedStart(t *testing.T) {
	for detail, want := range map[golibvirt.DomainEventStartedDetailType]hypervisor.Status{
		golibvirt.DOMAIN_EVENT_STARTED_BOOTED: {State: hypervisor.StatePaused, Reason: hypervisor.ReasonUser},
		golibvirt.DOMAIN_EVENT_STARTED_WAKEUP: {State: hypervisor.StateRunning},
	} {
		event := golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_STARTED, Detail: int(detail)}
		if got, news := statusOfEvent(&event, false, true); got != want || !news {
			t.Errorf("started (%d): %v %v, want %v", detail, got, news, want)
		}
	}
}

func suspended(detail golibvirt.DomainEventSuspendedDetailType) golibvirt.DomainEventLifecycle {
	return golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_SUSPENDED, Detail: int(detail)}
}

func stopped(detail golibvirt.DomainEventStoppedDetailType) golibvirt.DomainEventLifecycle {
	return golibvirt.DomainEventLifecycle{Event: golibvirt.DOMAIN_EVENT_STOPPED, Detail: int(detail)}
}

func TestStatusOf(t *testing.T) {
	for _, tc := range []struct {
		state  golibvirt.DomainState
		detail int
		want   hypervisor.Status
	}{
		{golibvirt.DOMAIN_RUNNING, 1, hypervisor.Status{State: hypervisor.StateRunning}},
		{golibvirt.DOMAIN_BLOCKED, 0, hypervisor.Status{State: hypervisor.StateRunning}},
		{golibvirt.DOMAIN_PAUSED, int(golibvirt.DOMAIN_PAUSED_MIGRATION), hypervisor.Status{State: hypervisor.StatePaused, Reason: "Migration"}},
		{golibvirt.DOMAIN_SHUTDOWN, 0, hypervisor.Status{State: hypervisor.StateShuttingDown}},
		{golibvirt.DOMAIN_SHUTOFF, int(golibvirt.DOMAIN_SHUTOFF_FAILED), hypervisor.Status{State: hypervisor.StateShutoff, Reason: "Failed"}},
		{golibvirt.DOMAIN_SHUTOFF, int(golibvirt.DOMAIN_SHUTOFF_DAEMON), hypervisor.Status{State: hypervisor.StateShutoff, Reason: "Unknown"}},
		{golibvirt.DOMAIN_CRASHED, int(golibvirt.DOMAIN_CRASHED_PANICKED), hypervisor.Status{State: hypervisor.StateCrashed, Reason: "Panicked"}},
		{golibvirt.DOMAIN_PMSUSPENDED, 0, hypervisor.Status{State: hypervisor.StateSuspended}},
		{golibvirt.DOMAIN_NOSTATE, 0, hypervisor.Status{State: hypervisor.StateNone, Reason: "Unknown"}},
	} {
		if got := statusOf(tc.state, tc.detail); got != tc.want {
			t.Errorf("%v/%d: %v, want %v", tc.state, tc.detail, got, tc.want)
		}
	}
}

// Whatever a guest says comes out short, valid and printable.
func TestGuestIsBounded(t *testing.T) {
	evil := strings.Repeat("ü", 10000) + "\xff\x00\x1b[2J"
	answer := &golibvirt.DomainGuestInfo{
		HostnameSet: true, Hostname: "h\x00o\x1bst\xff",
		OS:       &golibvirt.DomainGuestInfoOS{IDSet: true, ID: "debian", PrettyName: evil, KernelVersion: "#1 SMP"},
		TimeZone: &golibvirt.DomainGuestInfoTimeZone{NameSet: true, Name: "CET", OffsetSet: true, Offset: 3600},
	}
	for range 1000 {
		nic := golibvirt.DomainGuestInfoInterface{Name: evil, Hwaddr: "02:00:00:00:00:01"}
		for range 1000 {
			nic.Addrs = append(nic.Addrs, golibvirt.DomainGuestInfoIPAddress{Addr: "10.0.2.2"})
		}
		answer.Interfaces = append(answer.Interfaces, nic)
	}
	info := &hypervisor.GuestInfo{}
	merge(info, answer)
	// The answer to another question carries an OS as well, an empty one.
	merge(info, &golibvirt.DomainGuestInfo{OS: &golibvirt.DomainGuestInfoOS{}})
	if info.Hostname != "host" || info.OSID != "debian" || info.Timezone != "CET, 3600" || info.KernelVersion != "#1 SMP" {
		t.Errorf("got %+v", info)
	}
	if len(info.OSPrettyName) > hypervisor.MaxGuestString || strings.Trim(info.OSPrettyName, "ü") != "" {
		t.Errorf("pretty name %q", info.OSPrettyName)
	}
	if len(info.Interfaces) != maxGuestInterfaces || len(info.Interfaces[0].IPs) != maxGuestAddresses {
		t.Errorf("%d interfaces, %d addresses", len(info.Interfaces), len(info.Interfaces[0].IPs))
	}
}

func TestAgentVersion(t *testing.T) {
	for raw, want := range map[string]string{
		`{"return":{"version":"10.0.8","supported_commands":[]}}`: "10.0.8",
		`{"return":[]}`: "",
		`nonsense`:      "",
	} {
		if got := agentVersion(raw); got != want {
			t.Errorf("%s: %q", raw, got)
		}
	}
}

// What a guest says does not flood whoever reads the error, and the error's kind is
// still known.
func TestSaid(t *testing.T) {
	cause := golibvirt.Error{Code: golibvirt.ERR_AGENT_COMMAND_FAILED, Message: "no\n" + strings.Repeat("x", 1000)}
	err := doing("freezing", cause)
	if !isCode(err, golibvirt.ERR_AGENT_COMMAND_FAILED) || !strings.HasPrefix(err.Error(), "freezing: nox") || len(err.Error()) > 300 {
		t.Errorf("error %q", err)
	}
	if doing("freezing", nil) != nil {
		t.Error("an error out of nothing")
	}
}

func TestInAgentsWords(t *testing.T) {
	for message, tc := range map[string]struct {
		want    string
		refused bool
	}{
		"guest agent command failed: unable to execute QEMU agent command 'guest-file-open': failed to open file '/x': No such file\n": {
			"failed to open file '/x': No such file", true,
		},
		"guest agent command timed out: guest agent didn't respond to command within '10' seconds": {
			"guest agent command timed out: guest agent didn't respond to command within '10' seconds", false,
		},
	} {
		err := inAgentsWords(golibvirt.Error{Code: golibvirt.ERR_INTERNAL_ERROR, Message: message})
		if err.Error() != tc.want || errors.Is(err, hypervisor.ErrRefused) != tc.refused || !isCode(err, golibvirt.ERR_INTERNAL_ERROR) {
			t.Errorf("got  %q, refused %v\nwant %q", err, errors.Is(err, hypervisor.ErrRefused), tc.want)
		}
	}
	if plain := errors.New("plain"); !errors.Is(inAgentsWords(plain), plain) || inAgentsWords(nil) != nil {
		t.Error("other errors change")
	}
}
