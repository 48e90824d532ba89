package kubevirt

import (
	"sync"

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

func identify(object client.Object) identity {
	return identity{object.GetObjectKind().GroupVersionKind().GroupKind(), client.ObjectKeyFromObject(object)}
}

// memory remembers what this process has applied and with which result, so that
// nothing is sent twice: neither because the cache is behind, nor because somebody
// else keeps adding to an object of ours.
type memory struct {
	mutex   sync.Mutex
	results map[identity]*result
}

// result is the server's answer to an apply: the object only until the cache shows it.
type result struct {
	uid     types.UID
	version string
	object  client.Object
}

// note keeps the server's answer to an apply.
func (m *memory) note(id identity, answer client.Object) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.results == nil {
		m.results = map[identity]*result{}
	}
	m.results[id] = &result{uid: answer.GetUID(), version: answer.GetResourceVersion(), object: answer}
}

// forget drops an object that was deleted.
func (m *memory) forget(id identity) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.results, id)
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
