package launcherclient

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/types"

	"kubevirt.io/kubevirt/launcher/protocol"
)

const (
	// exitGrace is how long after the end of the stream of states the launcher's
	// exit is waited for before the connection alone counts as lost.
	exitGrace = 500 * time.Millisecond
	// lookAgain is the wait after a launcher was lost or could not be talked to.
	lookAgain = time.Second
)

// Instance identifies whose launcher is wanted, and where it must be.
type Instance struct {
	types.NamespacedName
	UID    types.UID
	PodUID string
}

// Guest is what is known about one launcher.
type Guest struct {
	// Launcher is the session; nil once the connection is lost.
	*Launcher
	// State is the last state the launcher reported; never nil.
	State *protocol.DomainState
	// Exited says that the launcher's process was seen to end.
	Exited bool
	// Sought is how long the launcher was looked for.
	Sought time.Duration
}

// Registry keeps one connection to each launcher that is wanted and says when
// something about one has changed, as an informer does for API objects.
type Registry struct {
	ctx     context.Context
	finder  Finder
	changed func(types.NamespacedName)
	log     logr.Logger

	mutex   sync.Mutex
	entries map[types.UID]*entry
	// greeted are the pods whose launcher the scout is talking to; the channel is
	// closed when that has ended. Two sessions at a time would end each other.
	greeted map[string]chan struct{}
	// verbosity of the launchers' logs; nil while it is not known.
	verbosity *uint32
}

type entry struct {
	instance Instance
	// confirmed: somebody who knows has asked for this instance in this pod. Until
	// then the instance is only what the launcher says.
	confirmed bool
	cancel    context.CancelFunc
	guest     *Guest
	// offered is a launcher that the scout has found for the entry.
	offered *Launcher
}

// NewRegistry returns an empty registry that lets go of every launcher when ctx is
// done. changed must not block.
func NewRegistry(ctx context.Context, finder Finder, log logr.Logger, changed func(types.NamespacedName)) *Registry {
	return &Registry{ctx: ctx, finder: finder, changed: changed, log: log,
		entries: map[types.UID]*entry{}, greeted: map[string]chan struct{}{}}
}

// Guest returns what is known about an instance's launcher; nil when there is no
// connection yet. The first call for an instance, or the first after a connection
// was lost, begins to look for the launcher; changed is called when it is found
// and has told its guest's state.
func (r *Registry) Guest(instance Instance) *Guest {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	known := r.entries[instance.UID]
	if known != nil && known.instance != instance {
		known.cancel()
		known = nil
	}
	if known == nil {
		known = r.add(instance, nil)
	}
	known.confirmed = true
	if known.guest == nil {
		return nil
	}
	snapshot := *known.guest
	return &snapshot
}

// add begins to follow an instance; the launcher is nil when it has to be found.
// The registry is locked.
func (r *Registry) add(instance Instance, launcher *Launcher) *entry {
	ctx, cancel := context.WithCancel(r.ctx)
	e := &entry{instance: instance, cancel: cancel}
	r.entries[instance.UID] = e
	go r.follow(ctx, e, launcher)
	return e
}

// Lookup returns what is known about an instance's launcher without looking for
// one. Launchers that nobody has asked for with Guest are not known.
func (r *Registry) Lookup(uid types.UID) (Instance, *Guest, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	known := r.entries[uid]
	if known == nil || known.guest == nil || !known.confirmed {
		return Instance{}, nil, false
	}
	snapshot := *known.guest
	return known.instance, &snapshot, true
}

// Claim is a launcher that works for an instance, by its own account.
type Claim struct {
	Instance
	*Guest
}

// Claims returns the launchers that work for instances of a name, of whatever UID.
func (r *Registry) Claims(name types.NamespacedName) []Claim {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var found []Claim
	for _, known := range r.entries {
		if known.instance.NamespacedName == name && known.guest != nil {
			snapshot := *known.guest
			found = append(found, Claim{Instance: known.instance, Guest: &snapshot})
		}
	}
	return found
}

// greet opens a session with the launcher of a pod that nobody has asked for yet,
// and follows it on its own account.
func (r *Registry) greet(ctx context.Context, podUID string) {
	r.mutex.Lock()
	for _, known := range r.entries {
		if known.instance.PodUID == podUID {
			r.mutex.Unlock()
			return
		}
	}
	greeted := make(chan struct{})
	r.greeted[podUID] = greeted
	r.mutex.Unlock()

	call, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	launcher, err := r.finder.Dial(call, podUID)

	r.mutex.Lock()
	defer r.mutex.Unlock()
	defer close(greeted)
	delete(r.greeted, podUID)
	if err != nil {
		r.log.V(1).Info("A socket looked like a launcher's", "pod", podUID, "reason", err.Error())
		return
	}
	instance := instanceOf(launcher)
	switch known := r.entries[instance.UID]; {
	case known == nil:
		r.add(instance, launcher)
	case known.instance == instance: // asked for meanwhile: it waits for this
		known.offered = launcher
	default:
		launcher.Close()
	}
}

// instanceOf is the instance that a launcher works for, by its own account.
func instanceOf(launcher *Launcher) Instance {
	info := launcher.Info
	return Instance{
		NamespacedName: types.NamespacedName{Namespace: info.GetNamespace(), Name: info.GetName()},
		UID:            types.UID(info.GetUid()), PodUID: launcher.PodUID,
	}
}

// Forget closes the connection to an instance's launcher.
func (r *Registry) Forget(uid types.UID) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if known := r.entries[uid]; known != nil {
		known.cancel()
		delete(r.entries, uid)
	}
}

// follow finds the launcher and records its states until the connection is lost
// or nobody is interested any more. A lost connection to a launcher that still
// runs is looked for anew.
func (r *Registry) follow(ctx context.Context, e *entry, launcher *Launcher) {
	for ctx.Err() == nil {
		began := time.Now()
		if launcher == nil {
			var err error
			if launcher, err = r.find(ctx, e); err != nil {
				return // only when nobody is interested any more
			}
		}
		sought := time.Since(began)
		err := launcher.watch(ctx, func(state *protocol.DomainState) {
			r.record(e, &Guest{Launcher: launcher, State: state, Sought: sought})
		})
		if r.exited(ctx, launcher) {
			r.end(e)
			launcher.Close()
			return
		}
		r.log.V(1).Info("Lost the connection to a launcher", "namespace", e.instance.Namespace,
			"name", e.instance.Name, "uid", e.instance.UID, "error", fmt.Sprint(err))
		r.record(e, nil)
		launcher.Close()
		launcher = nil
		pause(ctx, lookAgain)
	}
}

// exited tells whether the launcher's process has ended, giving it a moment: its
// sockets are closed first.
func (r *Registry) exited(ctx context.Context, launcher *Launcher) bool {
	select {
	case <-launcher.Process.Exited():
		return true
	case <-time.After(exitGrace):
	case <-ctx.Done():
	}
	return false
}

func (r *Registry) record(e *entry, guest *Guest) {
	r.mutex.Lock()
	news := !same(e.guest, guest)
	if guest != nil && guest.Launcher != nil && (e.guest == nil || e.guest.Launcher != guest.Launcher) {
		go r.tell(r.ctx, guest.Launcher)
	}
	e.guest = guest
	current := r.entries[e.instance.UID] == e
	r.mutex.Unlock()
	if current && news {
		r.changed(e.instance.NamespacedName)
	}
}

// same tells whether there is nothing new about a launcher. How a start failed is the
// answer to whoever asked for it, who would ask again at once if it were told here.
func same(before, after *Guest) bool {
	if before == nil || after == nil {
		return before == after
	}
	return before.Launcher == after.Launcher && before.Exited == after.Exited &&
		proto.Equal(withoutError(before.State), withoutError(after.State))
}

func withoutError(state *protocol.DomainState) *protocol.DomainState {
	state = proto.CloneOf(state)
	state.Error = ""
	return state
}

// end keeps the last state of a launcher that has ended.
func (r *Registry) end(e *entry) {
	last := &protocol.DomainState{}
	r.mutex.Lock()
	if e.guest != nil {
		last = e.guest.State
	}
	r.mutex.Unlock()
	r.record(e, &Guest{State: last, Exited: true})
}

// find waits for the launcher and connects to it. Somebody else's launcher, or one
// that does not answer, is looked for again after a while.
func (r *Registry) find(ctx context.Context, e *entry) (*Launcher, error) {
	if launcher := r.offered(ctx, e); launcher != nil {
		return launcher, nil
	}
	instance := e.instance
	for {
		launcher, err := r.dial(ctx, instance)
		if err == nil {
			return launcher, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.log.Info("Cannot talk to a launcher yet", "namespace", instance.Namespace,
			"name", instance.Name, "uid", instance.UID, "reason", err.Error())
		pause(ctx, lookAgain)
	}
}

// offered waits for the scout where that is talking to the launcher, and returns
// what it has found.
func (r *Registry) offered(ctx context.Context, e *entry) *Launcher {
	r.mutex.Lock()
	greeted := r.greeted[e.instance.PodUID]
	r.mutex.Unlock()
	if greeted == nil {
		return nil
	}
	select {
	case <-greeted:
	case <-ctx.Done():
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	launcher := e.offered
	e.offered = nil
	return launcher
}

// dial connects and makes sure that the launcher works for the instance.
func (r *Registry) dial(ctx context.Context, instance Instance) (*Launcher, error) {
	launcher, err := r.finder.Dial(ctx, instance.PodUID)
	if err != nil {
		return nil, err
	}
	if claimed := instanceOf(launcher); claimed != instance {
		launcher.Close()
		return nil, fmt.Errorf("the launcher in pod %s works for %s (%s)", instance.PodUID, claimed.NamespacedName, claimed.UID)
	}
	return launcher, nil
}

func pause(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}
