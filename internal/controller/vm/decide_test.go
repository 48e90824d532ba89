package vm

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// wanted is the API's table of run strategies, every cell of it: a line per
// strategy and instance state, a column per pending request.
const wanted = `
strategy        instance   none     start    stop

Always          never      create   create   create
Always          absent     create   create   create
Always          live       stay     stay     remove
Always          succeeded  remove   remove   remove
Always          failed     remove   remove   remove
Always          leaving    stay     stay     stay

RerunOnFailure  never      create   create   create
RerunOnFailure  absent     stay     create   stay
RerunOnFailure  live       stay     stay     remove
RerunOnFailure  succeeded  remove   remove   remove
RerunOnFailure  failed     rerun    remove   remove
RerunOnFailure  leaving    stay     stay     stay

Manual          never      stay     create   stay
Manual          absent     stay     create   stay
Manual          live       stay     stay     remove
Manual          succeeded  stay     remove   remove
Manual          failed     stay     remove   remove
Manual          leaving    stay     stay     stay

Halted          never      stay     turnOn   stay
Halted          absent     stay     turnOn   stay
Halted          live       remove   remove   remove
Halted          succeeded  remove   remove   remove
Halted          failed     remove   remove   remove
Halted          leaving    stay     stay     stay

Once            never      create   create   create
Once            absent     stay     stay     stay
Once            live       stay     stay     remove
Once            succeeded  stay     stay     remove
Once            failed     stay     stay     remove
Once            leaving    stay     stay     stay

WaitAsReceiver  never      receive  receive  receive
WaitAsReceiver  absent     receive  receive  receive
WaitAsReceiver  live       stay     stay     remove
WaitAsReceiver  succeeded  remove   remove   remove
WaitAsReceiver  failed     remove   remove   remove
WaitAsReceiver  leaving    stay     stay     stay
`

var instanceStates = []string{never: "never", absent: "absent", live: "live", succeeded: "succeeded", failed: "failed", leaving: "leaving"}

func TestDecide(t *testing.T) {
	cells := map[string][]string{}
	for _, line := range strings.Split(wanted, "\n") {
		if columns := strings.Fields(line); len(columns) == 5 {
			cells[columns[0]+" "+columns[1]] = columns[2:]
		}
	}
	all := []v1.VirtualMachineRunStrategy{
		v1.RunStrategyAlways, v1.RunStrategyRerunOnFailure, v1.RunStrategyManual, v1.RunStrategyHalted, v1.RunStrategyOnce,
		v1.RunStrategyWaitAsReceiver,
	}
	for _, strategy := range all {
		for state, name := range instanceStates {
			want := cells[string(strategy)+" "+name]
			for request := noRequest; request <= stopRequest; request++ {
				s := situation{strategy, instanceState(state), request, staying}
				check(t, s, want[request])
				s.deletion = withInstance
				check(t, s, deletionWants(s.instance))
				s.deletion = orphaning
				check(t, s, "release")
			}
		}
	}
}

// deletionWants is what becomes of the instance of a machine that is deleted with
// it, whatever the strategy and the requests.
func deletionWants(state instanceState) string {
	switch state {
	case never, absent:
		return "release"
	case leaving:
		return "stay"
	}
	return "remove"
}

func check(t *testing.T, s situation, want string) {
	t.Helper()
	got, err := decide(s)
	if err != nil || got.String() != want {
		t.Errorf("%s, instance %s, request %d, deletion %d: %s (%v), want %s", s.strategy, instanceStates[s.instance], s.request, s.deletion, got, err, want)
	}
}

// A strategy that is not known starts and stops nothing, and keeps no machine from being deleted.
func TestDecideWithoutAStrategy(t *testing.T) {
	if a, err := decide(situation{strategy: "Sometimes", instance: live}); err == nil || a != stay {
		t.Errorf("%s (%v), want an error", a, err)
	}
	check(t, situation{strategy: "Sometimes", instance: live, deletion: withInstance}, "remove")
	check(t, situation{strategy: "Sometimes", instance: absent, deletion: withInstance}, "release")
}
