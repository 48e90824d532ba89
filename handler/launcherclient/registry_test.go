package launcherclient

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"k8s.io/apimachinery/pkg/types"

	"kubevirt.io/kubevirt/handler/launcherclient/launchertest"
	"kubevirt.io/kubevirt/launcher/protocol"
)

const podUID = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"

func TestMain(m *testing.M) {
	launchertest.Main()
	os.Exit(m.Run())
}

var instance = Instance{
	NamespacedName: types.NamespacedName{Namespace: "default", Name: "vmi"},
	UID:            "vmi-uid", PodUID: podUID,
}

type fixture struct {
	launchertest.Node
	registry *Registry
	changed  chan types.NamespacedName
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	f := fixture{Node: launchertest.NewNode(t), changed: make(chan types.NamespacedName, 100)}
	f.registry = NewRegistry(t.Context(), Finder{Pods: f.Pods, Cgroups: f.Cgroups}, testr.New(t),
		func(name types.NamespacedName) { f.changed <- name })
	return f
}

// until waits until what is known about the instance is as wanted.
func (f fixture) until(t *testing.T, what string, wanted func(*Guest) bool) *Guest {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if guest := f.registry.Guest(instance); wanted(guest) {
			return guest
		}
		select {
		case name := <-f.changed:
			if name != instance.NamespacedName {
				t.Fatalf("%s changed", name)
			}
		case <-deadline:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func inState(state protocol.State) func(*Guest) bool {
	return func(guest *Guest) bool { return guest != nil && guest.State.GetState() == state }
}

func TestFollowsALauncherThatAppearsLater(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	if guest := f.registry.Guest(instance); guest != nil {
		t.Fatalf("found %+v before there was a launcher", guest)
	}
	launcher := launchertest.New("default", "vmi", "vmi-uid")
	begin := time.Now()
	if err := launcher.Serve(directory); err != nil {
		t.Fatal(err)
	}
	defer launcher.Stop()
	guest := f.until(t, "a launcher without a guest", inState(protocol.State_STATE_NONE))
	t.Logf("found %v after it began to serve", time.Since(begin).Round(100*time.Microsecond))

	begin = time.Now()
	if err := guest.Sync(t.Context(), &protocol.SyncRequest{Vmi: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	f.until(t, "a running guest", inState(protocol.State_STATE_RUNNING))
	t.Logf("running %v after the request", time.Since(begin).Round(100*time.Microsecond))
	if requests := launcher.Synced(); len(requests) != 1 || string(requests[0].Vmi) != "{}" {
		t.Errorf("requests: %v", requests)
	}
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_PAUSED, Reason: "User"})
	f.until(t, "a paused guest", inState(protocol.State_STATE_PAUSED))
}

func TestNoticesALostConnection(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := launchertest.New("default", "vmi", "vmi-uid")
	if err := launcher.Serve(directory); err != nil {
		t.Fatal(err)
	}
	f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	launcher.Stop()
	f.until(t, "the loss", func(guest *Guest) bool { return guest == nil })

	if err := os.Remove(directory + "/launcher.sock"); err != nil {
		t.Fatal(err)
	}
	if err := launcher.Serve(directory); err != nil {
		t.Fatal(err)
	}
	defer launcher.Stop()
	f.until(t, "the launcher again", inState(protocol.State_STATE_NONE))
}

func TestNoticesTheEndOfALauncher(t *testing.T) {
	f := newFixture(t)
	command := f.Start(t, podUID, "default", "vmi", "vmi-uid")
	guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	if err := guest.Sync(t.Context(), &protocol.SyncRequest{}); err != nil {
		t.Fatal(err)
	}
	f.until(t, "a running guest", inState(protocol.State_STATE_RUNNING))
	if err := command.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	guest = f.until(t, "the end", func(guest *Guest) bool { return guest != nil && guest.Exited })
	if guest.State.GetState() != protocol.State_STATE_RUNNING || guest.Launcher != nil {
		t.Errorf("last known: %+v", guest)
	}
}

func TestReleaseLetsTheLauncherGo(t *testing.T) {
	f := newFixture(t)
	command := f.Start(t, podUID, "default", "vmi", "vmi-uid")
	f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	guest := f.until(t, "the guest's end", inState(protocol.State_STATE_SHUTOFF))
	if err := guest.Signal(t.Context(), protocol.Action_ACTION_RELEASE); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the launcher ended with %v", err)
	}
	f.until(t, "the end", func(guest *Guest) bool { return guest != nil && guest.Exited })
}

func TestIgnoresSomebodyElsesLauncher(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	launcher := launchertest.New("default", "vmi", "another-uid")
	f.Own(t, os.Getpid(), podUID)
	if err := launcher.Serve(directory); err != nil {
		t.Fatal(err)
	}
	defer launcher.Stop()
	f.registry.Guest(instance)
	select {
	case <-f.changed:
		t.Errorf("took %+v for its own", f.registry.Guest(instance))
	case <-time.After(100 * time.Millisecond):
	}
}

func TestForgetEndsTheConnection(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := launchertest.New("default", "vmi", "vmi-uid")
	if err := launcher.Serve(directory); err != nil {
		t.Fatal(err)
	}
	defer launcher.Stop()
	guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	f.registry.Forget(instance.UID)
	if _, _, known := f.registry.Lookup(instance.UID); known {
		t.Error("still known")
	}
	select {
	case <-guest.Process.Exited():
	case <-time.After(5 * time.Second):
		t.Error("its process is still held")
	}
}

func TestSecondSessionEndsTheFirst(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := launchertest.New("default", "vmi", "vmi-uid")
	if err := launcher.Serve(directory); err != nil {
		t.Fatal(err)
	}
	defer launcher.Stop()
	finder := Finder{Pods: f.Pods, Cgroups: f.Cgroups}
	first, err := finder.Dial(context.Background(), podUID)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := finder.Dial(context.Background(), podUID)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Sync(t.Context(), &protocol.SyncRequest{}); protocol.ReasonOf(err) != protocol.ReasonStaleSession {
		t.Errorf("error is %v", err)
	}
	if err := second.Sync(t.Context(), &protocol.SyncRequest{}); err != nil {
		t.Error(err)
	}
}
