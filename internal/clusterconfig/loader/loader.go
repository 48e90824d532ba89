// Package loader follows the cluster's KubeVirt object and keeps the
// configuration read from it at hand.
package loader

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Loader hands out the configuration in effect.
type Loader struct {
	namespace string
	listed    <-chan struct{}
	stopped   <-chan struct{}
	current   atomic.Pointer[clusterconfig.Config]

	mutex     sync.Mutex
	objects   map[string]*v1.KubeVirt
	listeners []func(*clusterconfig.Config)
}

// New registers with the informer of KubeVirt objects. An empty namespace follows
// the object wherever it is. ctx bounds the loader's life: once it is done,
// Current no longer waits for the first list.
func New(ctx context.Context, informers cache.Informers, namespace string) (*Loader, error) {
	informer, err := informers.GetInformer(ctx, &v1.KubeVirt{})
	if err != nil {
		return nil, fmt.Errorf("getting the informer of KubeVirt objects: %w", err)
	}
	l := &Loader{namespace: namespace, stopped: ctx.Done(), objects: map[string]*v1.KubeVirt{}}
	l.current.Store(clusterconfig.New(nil))
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    l.put,
		UpdateFunc: func(_, changed any) { l.put(changed) },
		DeleteFunc: l.remove,
	})
	if err != nil {
		return nil, fmt.Errorf("following KubeVirt objects: %w", err)
	}
	l.listed = registration.HasSyncedChecker().Done()
	return l, nil
}

// Current returns the configuration in effect: never nil, and the defaults where
// there is no KubeVirt object. It waits for the first list of objects, so that
// nobody acts on defaults by mistake; the cache has to be running.
func (l *Loader) Current() *clusterconfig.Config {
	select {
	case <-l.listed:
	case <-l.stopped:
	}
	return l.current.Load()
}

// OnChange calls f with every configuration that comes into effect from now on,
// one at a time. f must not block and must not call the loader.
func (l *Loader) OnChange(f func(*clusterconfig.Config)) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.listeners = append(l.listeners, f)
}

func (l *Loader) put(object any) {
	if kv, ok := object.(*v1.KubeVirt); ok && l.follows(kv) {
		l.change(func() { l.objects[kv.Namespace+"/"+kv.Name] = kv })
	}
}

func (l *Loader) remove(object any) {
	if last, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = last.Obj
	}
	if kv, ok := object.(*v1.KubeVirt); ok && l.follows(kv) {
		l.change(func() { delete(l.objects, kv.Namespace+"/"+kv.Name) })
	}
}

func (l *Loader) follows(kv *v1.KubeVirt) bool {
	return l.namespace == "" || kv.Namespace == l.namespace
}

func (l *Loader) change(apply func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	apply()
	config := clusterconfig.New(oldest(l.objects))
	l.current.Store(config)
	for _, listener := range l.listeners {
		listener(config)
	}
}

// oldest chooses the object that counts: a second one is an error that the
// operator reports on that second object.
func oldest(objects map[string]*v1.KubeVirt) *v1.KubeVirt {
	var chosen *v1.KubeVirt
	for _, kv := range objects {
		if chosen == nil || kv.CreationTimestamp.Before(&chosen.CreationTimestamp) ||
			kv.CreationTimestamp.Equal(&chosen.CreationTimestamp) && kv.Name < chosen.Name {
			chosen = kv
		}
	}
	return chosen
}
