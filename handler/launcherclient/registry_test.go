package launcherclient

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"k8s.io/apimachinery/pkg/types"

	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/test/fakelauncher"
)

const podUID = "6f7a3c1e-2a57-4a0f-9b1d-0c0ffee00001"

var identity = fakelauncher.Identity{Namespace: "default", Name: "vmi", UID: "vmi-uid"}

// TestPlayLauncher is no test: it is the launcher that startLauncher runs in a
// process of its own. Its guest powers off on SIGTERM; it exits with 0 once it has
// been released.
func TestPlayLauncher(t *testing.T) {
	directory := os.Getenv("PLAY_LAUNCHER_IN")
	if directory == "" {
		return
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	launcher := fakelauncher.Start(t, directory, identity)
	nodetest.Ready()
	<-terminated
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_SHUTOFF, Reason: "Shutdown"})
	launcher.Eventually(t, "the release", func() bool {
		return slices.Contains(launcher.Signals(), protocol.Action_ACTION_RELEASE)
	})
	time.Sleep(20 * time.Millisecond) // the answer goes out first
	os.Exit(0)
}

func (f fixture) startLauncher(t *testing.T) *exec.Cmd {
	t.Helper()
	return f.Start(t, podUID, "TestPlayLauncher", "PLAY_LAUNCHER_IN="+f.Pod(t, podUID))
}

var instance = Instance{
	NamespacedName: types.NamespacedName{Namespace: "default", Name: "vmi"},
	UID:            "vmi-uid", PodUID: podUID,
}

type fixture struct {
	nodetest.Node
	registry *Registry
	changed  chan types.NamespacedName
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	f := fixture{Node: nodetest.New(t), changed: make(chan types.NamespacedName, 100)}
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
	begin := time.Now()
	launcher := fakelauncher.Start(t, directory, identity)
	guest := f.until(t, "a launcher without a guest", inState(protocol.State_STATE_NONE))
	t.Logf("found %v after it began to serve", time.Since(begin).Round(100*time.Microsecond))

	begin = time.Now()
	if err := guest.Sync(t.Context(), &protocol.SyncRequest{Vmi: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	f.until(t, "a running guest", inState(protocol.State_STATE_RUNNING))
	t.Logf("running %v after the request", time.Since(begin).Round(100*time.Microsecond))
	if requests := launcher.Syncs(); len(requests) != 1 || string(requests[0].Vmi) != "{}" {
		t.Errorf("requests: %v", requests)
	}
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_PAUSED, Reason: "User"})
	f.until(t, "a paused guest", inState(protocol.State_STATE_PAUSED))
}

// A failed start tells nobody to try again, however often its error changes.
func TestFailedStartIsNoNews(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := fakelauncher.Start(t, directory, identity)
	guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	for _, failure := range []string{"no space left", "no space for /x.1234"} {
		launcher.OnSync(func(*protocol.SyncRequest) error { return errors.New(failure) })
		if err := guest.Sync(t.Context(), &protocol.SyncRequest{}); err == nil {
			t.Fatal("the start did not fail")
		}
		launcher.Eventually(t, "the error on Watch", func() bool {
			return f.registry.Guest(instance).State.GetError() == failure
		})
	}
	launcher.SetState(&protocol.DomainState{State: protocol.State_STATE_RUNNING})
	<-f.changed
	if guest := f.registry.Guest(instance); !inState(protocol.State_STATE_RUNNING)(guest) {
		t.Errorf("woken up by %v", guest.State)
	}
}

func TestNoticesALostConnection(t *testing.T) {
	f := newFixture(t)
	directory := f.Pod(t, podUID)
	f.Own(t, os.Getpid(), podUID)
	launcher := fakelauncher.Start(t, directory, identity)
	f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
	launcher.Stop()
	f.until(t, "the loss", func(guest *Guest) bool { return guest == nil })

	fakelauncher.Start(t, directory, identity)
	f.until(t, "the launcher again", inState(protocol.State_STATE_NONE))
}

func TestNoticesTheEndOfALauncher(t *testing.T) {
	f := newFixture(t)
	command := f.startLauncher(t)
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
	command := f.startLauncher(t)
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
	f.Own(t, os.Getpid(), podUID)
	fakelauncher.Start(t, directory, fakelauncher.Identity{Namespace: "default", Name: "vmi", UID: "another-uid"})
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
	fakelauncher.Start(t, directory, identity)
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
	fakelauncher.Start(t, directory, identity)
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

func TestScoutFollowsNewLaunchers(t *testing.T) {
	f := newFixture(t)
	f.Own(t, os.Getpid(), podUID)
	if err := os.MkdirAll(f.Pods, 0o755); err != nil {
		t.Fatal(err)
	}
	scouting := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { scouting <- f.registry.Scout(ctx) }()
	time.Sleep(20 * time.Millisecond) // until it watches; what is there before is not its business

	for _, other := range []string{"other/volumes/kubernetes.io~secret/x", "another/etc-hosts"} {
		if err := os.MkdirAll(f.Pods+"/"+other, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	directory := f.Pod(t, podUID)
	begin := time.Now()
	fakelauncher.Start(t, directory, identity)
	select {
	case <-f.changed:
	case <-time.After(10 * time.Second):
		t.Fatal("the launcher was not noticed")
	}
	t.Logf("noticed %v after it began to serve", time.Since(begin).Round(100*time.Microsecond))
	claims := f.registry.Claims(instance.NamespacedName)
	if len(claims) != 1 || claims[0].Instance != instance || claims[0].State == nil {
		t.Fatalf("claims are %+v", claims)
	}
	if _, _, known := f.registry.Lookup(instance.UID); known {
		t.Error("a mere claim counts as the instance's launcher")
	}
	if guest := f.registry.Guest(instance); guest == nil || guest.Launcher != claims[0].Launcher {
		t.Error("the launcher was connected to a second time")
	}
	if _, _, known := f.registry.Lookup(instance.UID); !known {
		t.Error("unknown although it was asked for")
	}
	stop()
	if err := <-scouting; err != nil {
		t.Error(err)
	}
}

func TestClaimDoesNotStandInTheWay(t *testing.T) {
	f := newFixture(t)
	const impostor = "11111111-2222-3333-4444-555555555555"
	f.Own(t, os.Getpid(), impostor)
	fakelauncher.Start(t, f.Pod(t, impostor), identity)
	f.registry.greet(t.Context(), impostor)
	<-f.changed

	f.startLauncher(t)
	guest := f.until(t, "the right launcher", inState(protocol.State_STATE_NONE))
	if guest.PodUID != podUID {
		t.Errorf("took the launcher in pod %s", guest.PodUID)
	}
}

// The scout and somebody who asks for the instance come at the same time: there
// must be one session, or the second would end the first.
func TestScoutAndSearchShareOneSession(t *testing.T) {
	for range 20 {
		f := newFixture(t)
		f.Own(t, os.Getpid(), podUID)
		launcher := fakelauncher.Start(t, f.Pod(t, podUID), identity)
		go f.registry.greet(t.Context(), podUID)
		guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
		if err := guest.Sync(t.Context(), &protocol.SyncRequest{}); err != nil {
			t.Fatal(err)
		}
		if session := launcher.Session(); session != 1 {
			t.Fatalf("%d sessions were opened", session)
		}
		launcher.Stop()
	}
}
