// Package replicas holds what controllers that keep a number of equal objects have
// in common: which objects are theirs, what their caches do not show yet, and how
// many are made at once.
package replicas

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Patience is after how long a cache is trusted again that never showed what was
// expected of it.
const Patience = time.Minute

// Expectations remembers which objects a controller has created and deleted on
// behalf of an owner, until the cache shows it. A controller that counts before
// that makes too many or removes too many. The zero value is ready.
type Expectations[O client.Object] struct {
	mutex sync.Mutex
	of    map[client.ObjectKey]map[types.UID]expectation
}

type expectation struct {
	deleted bool
	since   time.Time
}

// Created expects the cache to show an object that was just created.
func (e *Expectations[O]) Created(owner client.ObjectKey, obj O, now time.Time) {
	e.expect(owner, obj, expectation{deleted: false, since: now})
}

// Deleted expects the cache to show an object as on its way out, or no more.
func (e *Expectations[O]) Deleted(owner client.ObjectKey, obj O, now time.Time) {
	e.expect(owner, obj, expectation{deleted: true, since: now})
}

func (e *Expectations[O]) expect(owner client.ObjectKey, obj O, what expectation) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.of == nil {
		e.of = map[client.ObjectKey]map[types.UID]expectation{}
	}
	if e.of[owner] == nil {
		e.of[owner] = map[types.UID]expectation{}
	}
	e.of[owner][obj.GetUID()] = what
}

// Gone tells that the cache has seen the end of an object. One that came and went
// between two looks at the cache would be waited for otherwise.
func (e *Expectations[O]) Gone(owner client.ObjectKey, obj client.Object) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	delete(e.of[owner], obj.GetUID())
}

// Met reports whether the cache shows all that is expected on behalf of an owner.
// Cached are the objects it shows, at least all that are the owner's. While it does
// not, the owner is better left alone: the watch brings it back, and should that
// fail, another look after more than Patience.
func (e *Expectations[O]) Met(owner client.ObjectKey, cached []O, now time.Time) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	open := e.of[owner]
	if len(open) == 0 {
		delete(e.of, owner)
		return true
	}
	shown := make(map[types.UID]O, len(cached))
	for _, obj := range cached {
		shown[obj.GetUID()] = obj
	}
	for uid, what := range open {
		obj, there := shown[uid]
		met := there
		if what.deleted {
			met = !there || !obj.GetDeletionTimestamp().IsZero()
		}
		if met || now.Sub(what.since) > Patience {
			delete(open, uid)
		}
	}
	if len(open) > 0 {
		return false
	}
	delete(e.of, owner)
	return true
}

// Forget drops everything expected on behalf of an owner that is gone.
func (e *Expectations[O]) Forget(owner client.ObjectKey) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	delete(e.of, owner)
}
