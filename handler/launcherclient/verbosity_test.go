package launcherclient

import (
	"os"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/test/fakelauncher"
)

// ear remembers what a launcher was told to log.
type ear struct {
	mutex sync.Mutex
	heard []uint32
}

func (e *ear) hear(request *protocol.SignalRequest) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.heard = append(e.heard, request.GetLogVerbosity())
	return nil
}

func (e *ear) last() (count int, verbosity uint32) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if len(e.heard) == 0 {
		return 0, 0
	}
	return len(e.heard), e.heard[len(e.heard)-1]
}

func TestLaunchersAreToldHowMuchToLog(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := fakelauncher.Start(t, directory, identity)
	told := &ear{}
	launcher.OnSignal(told.hear)
	hears := func(count int, verbosity uint32) {
		t.Helper()
		launcher.Eventually(t, "the word", func() bool {
			n, last := told.last()
			return n == count && last == verbosity
		})
	}
	f.registry.SetVerbosity(5) // before there is one
	f.registry.Guest(instance)
	f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	hears(1, 5)
	f.registry.SetVerbosity(5) // nothing new
	f.registry.SetVerbosity(1 << 40)
	hears(2, 255)
	f.registry.SetVerbosity(0)
	hears(3, 0)
}

func TestLaunchersThatDoNotAnswerAreToldAgain(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := fakelauncher.Start(t, directory, identity)
	told := &ear{}
	launcher.OnSignal(func(request *protocol.SignalRequest) error {
		_ = told.hear(request)
		if count, _ := told.last(); count == 1 {
			return status.Error(codes.Unavailable, "not now")
		}
		return nil
	})
	f.registry.SetVerbosity(5)
	f.registry.Guest(instance)
	guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	launcher.Eventually(t, "the word, again", func() bool {
		count, _ := told.last()
		return count == 2
	})
	// Of one that is lost nobody waits for an answer.
	launcher.OnSignal(func(*protocol.SignalRequest) error { return status.Error(codes.Unavailable, "not now") })
	f.registry.mutex.Lock()
	*f.registry.verbosity = 6
	f.registry.mutex.Unlock()
	_ = guest.conn.Close()
	f.registry.tell(t.Context(), guest.Launcher)
}

func TestPreviousLaunchersAreNotToldHowMuchToLog(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := fakelauncher.StartPrevious(t, directory, identity)
	told := &ear{}
	launcher.OnSignal(told.hear)
	f.registry.SetVerbosity(5)
	f.registry.Guest(instance)
	guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	f.registry.tell(t.Context(), guest.Launcher)
	if count, _ := told.last(); count > 0 {
		t.Error("it was told what it does not know")
	}
	if err := guest.Signal(t.Context(), protocol.Action_ACTION_SHUTDOWN); err != nil {
		t.Errorf("the session has ended: %v", err)
	}
}
