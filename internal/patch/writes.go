package patch

import (
	"sync"

	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Writes remembers the newest resourceVersion this process has written of the
// objects of one kind, until the cache shows it. A reconciler that reads an older
// version would repeat itself: it returns instead, and the watch brings it back.
// The zero value is ready.
type Writes struct {
	mutex  sync.Mutex
	newest map[client.ObjectKey]string
}

// Note remembers the version of an object just written.
func (w *Writes) Note(obj client.Object) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.newest == nil {
		w.newest = map[client.ObjectKey]string{}
	}
	key := client.ObjectKeyFromObject(obj)
	if have, ok := w.newest[key]; !ok || older(have, obj.GetResourceVersion()) {
		w.newest[key] = obj.GetResourceVersion()
	}
}

// Behind reports whether an object read from the cache is older than the last
// write noted.
func (w *Writes) Behind(obj client.Object) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	key := client.ObjectKeyFromObject(obj)
	newest, ok := w.newest[key]
	if !ok {
		return false
	}
	if older(obj.GetResourceVersion(), newest) {
		return true
	}
	delete(w.newest, key)
	return false
}

// Forget drops what is remembered of an object that is gone.
func (w *Writes) Forget(key client.ObjectKey) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.newest, key)
}

// older reports whether version a precedes version b; false where they cannot be
// compared.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}
