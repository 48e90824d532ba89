package kubevirt

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// identity is an object's kind and name.
type identity struct {
	kind schema.GroupKind
	key  client.ObjectKey
}

// String names an object for people.
func (id identity) String() string {
	if id.key.Namespace == "" {
		return id.kind.Kind + " " + id.key.Name
	}
	return id.kind.Kind + " " + id.key.Namespace + "/" + id.key.Name
}

func identify(object client.Object) identity {
	return identity{object.GetObjectKind().GroupVersionKind().GroupKind(), client.ObjectKeyFromObject(object)}
}

// memory remembers what this process has applied or found, so that nothing is sent
// twice: neither because the cache is behind, nor because somebody else keeps
// adding to an object of ours; and so that what others do to an object is told from
// what this operator wants of it.
type memory struct {
	mutex   sync.Mutex
	results map[identity]*result
	fights  map[identity]*fight
}

// result is what the server was last known to have: the object only until the cache
// shows it.
type result struct {
	uid     types.UID
	version string
	object  client.Object
	// content stands for what was wanted of the object.
	content string
}

// fight is how often an object was put back of late.
type fight struct {
	times int
	last  time.Time
}

// note keeps the server's answer to an apply.
func (m *memory) note(id identity, content string, answer client.Object) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.results == nil {
		m.results = map[identity]*result{}
	}
	m.results[id] = &result{uid: answer.GetUID(), version: answer.GetResourceVersion(), object: answer, content: content}
}

// found keeps that an object is as wanted without having been sent.
func (m *memory) found(id identity, content string, live client.Object) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.results == nil {
		m.results = map[identity]*result{}
	}
	if last := m.results[id]; last != nil && last.uid == live.GetUID() && last.content == content {
		return
	}
	m.results[id] = &result{uid: live.GetUID(), version: live.GetResourceVersion(), content: content}
}

// keep keeps what was wanted of an object that is not applied but written.
func (m *memory) keep(id identity, content string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.results == nil {
		m.results = map[identity]*result{}
	}
	m.results[id] = &result{content: content}
}

// gone drops an object that was deleted, but not what was wanted of it.
func (m *memory) gone(id identity) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if last := m.results[id]; last != nil {
		*last = result{content: last.content}
	}
}

// forget drops an object that is not wanted any more.
func (m *memory) forget(id identity) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.results, id)
	delete(m.fights, id)
}

// clear drops everything.
func (m *memory) clear() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.results, m.fights = nil, nil
}

// content is what was last wanted of an object, empty if that is not known.
func (m *memory) content(id identity) string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if last := m.results[id]; last != nil {
		return last.content
	}
	return ""
}

// newest returns the newer of the object in the cache (nil if it is not there) and
// the last answer, and whether that is what the last apply left behind.
func (m *memory) newest(id identity, cached client.Object) (object client.Object, applied bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	last, ok := m.results[id]
	switch {
	case !ok:
		return cached, false
	case cached == nil:
		return last.object, last.object != nil
	case cached.GetUID() != last.uid:
		return cached, false
	case cached.GetResourceVersion() == last.version:
		last.object = nil
		return cached, true
	}
	order, err := resourceversion.CompareResourceVersion(cached.GetResourceVersion(), last.version)
	if err != nil || order > 0 || last.object == nil {
		return cached, false
	}
	return last.object, true
}

const (
	// free is how often an object is put back at once; then it stays as somebody keeps
	// making it for a while, twice as long each time.
	free       = 6
	firstPause = 10 * time.Second
	longest    = 5 * time.Minute
	// peace ends a fight.
	peace = 10 * time.Minute
)

// pause is how long an object that was put back so often stays as others made it.
func (f *fight) pause() time.Duration {
	if f.times < free {
		return 0
	}
	pause := firstPause
	for n := free; n < f.times && pause < longest; n++ {
		pause *= 2
	}
	return min(pause, longest)
}

// mayRestore says when an object may be put back again.
func (m *memory) mayRestore(id identity, now time.Time) time.Time {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	f := m.fights[id]
	if f == nil || now.Sub(f.last) >= peace {
		return now
	}
	return f.last.Add(f.pause())
}

// restored counts that an object was put back, and returns how often it was of late.
func (m *memory) restored(id identity, now time.Time) int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.fights == nil {
		m.fights = map[identity]*fight{}
	}
	f := m.fights[id]
	if f == nil || now.Sub(f.last) >= peace {
		f = &fight{}
		m.fights[id] = f
	}
	f.times, f.last = f.times+1, now
	return f.times
}
