package patch

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Writes remembers which versions this process has written, until the cache shows
// them. A reconciler that reads an older version would repeat itself: it leaves
// that be, and the watch brings it back. What is written on behalf of an object
// is remembered under that object's key, so that it is forgotten with it. The
// zero value is ready.
type Writes struct {
	mutex sync.Mutex
	of    map[client.ObjectKey]map[types.UID]awaited
}

// awaited is the version that a cached object has to reach, or to pass.
type awaited struct {
	version string
	newer   bool
}

// Note remembers the version of an object that the API server has just returned.
func (w *Writes) Note(of client.ObjectKey, obj client.Object) {
	w.remember(of, obj, false)
}

// Await remembers that an object has just been changed without its new version
// being told, as by a deletion.
func (w *Writes) Await(of client.ObjectKey, obj client.Object) {
	w.remember(of, obj, true)
}

func (w *Writes) remember(of client.ObjectKey, obj client.Object, newer bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.of == nil {
		w.of = map[client.ObjectKey]map[types.UID]awaited{}
	}
	if w.of[of] == nil {
		w.of[of] = map[types.UID]awaited{}
	}
	next := awaited{obj.GetResourceVersion(), newer}
	if have, ok := w.of[of][obj.GetUID()]; !ok || order(have.version, next.version) < 0 || newer && have.version == next.version {
		w.of[of][obj.GetUID()] = next
	}
}

// Behind reports whether an object read from the cache does not show yet what is
// remembered of it.
func (w *Writes) Behind(of client.ObjectKey, obj client.Object) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	next, ok := w.of[of][obj.GetUID()]
	if !ok {
		return false
	}
	if o := order(obj.GetResourceVersion(), next.version); o < 0 || o == 0 && next.newer {
		return true
	}
	delete(w.of[of], obj.GetUID())
	if len(w.of[of]) == 0 {
		delete(w.of, of)
	}
	return false
}

// Gone drops what is awaited of objects other than those present: a cache that
// does not show them any more has shown all there will be. It is asked with what
// the cache shows of all that Await was called for.
func (w *Writes) Gone(of client.ObjectKey, present ...types.UID) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	maps.DeleteFunc(w.of[of], func(uid types.UID, next awaited) bool { return next.newer && !slices.Contains(present, uid) })
	if len(w.of[of]) == 0 {
		delete(w.of, of)
	}
}

// Forget drops everything remembered on behalf of an object that is gone.
func (w *Writes) Forget(of client.ObjectKey) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.of, of)
}

// order compares two versions as numbers; versions that cannot be compared count
// as descending, so that nobody waits for the second.
func order(a, b string) int {
	o, err := resourceversion.CompareResourceVersion(a, b)
	if err != nil {
		return 1
	}
	return o
}
