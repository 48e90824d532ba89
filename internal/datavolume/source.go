package datavolume

import (
	"context"
	"errors"
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
)

// Source returns the DataVolumes as a controller's source, from the moment on at
// which the cluster has the kind. It holds the controller up only until it is known
// whether that is so. Once begun, the watch is kept: should the kind go away, it
// finds it again by itself.
func Source(c cache.Cache, h handler.EventHandler) source.SyncingSource {
	return &volumes{cache: c, watch: source.Kind[client.Object](c, &cdiv1beta1.DataVolume{}, h, moved())}
}

// moved passes over what changes all the time while a DataVolume is filled.
func moved() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*cdiv1beta1.DataVolume)
		after, ok2 := e.ObjectNew.(*cdiv1beta1.DataVolume)
		return !ok1 || !ok2 || !equality.Semantic.DeepEqual(lasting(before), lasting(after))
	}}
}

// lasting is a DataVolume without its progress and the times of its conditions.
func lasting(volume *cdiv1beta1.DataVolume) *cdiv1beta1.DataVolume {
	lasting := volume.DeepCopy()
	lasting.ResourceVersion, lasting.Generation, lasting.Status.Progress = "", 0, ""
	for i := range lasting.Status.Conditions {
		lasting.Status.Conditions[i].LastHeartbeatTime = metav1.Time{}
	}
	return lasting
}

type volumes struct {
	cache cache.Cache
	watch source.SyncingSource

	definitions toolscache.ResourceEventHandlerRegistration
	once        sync.Once
	begun       chan struct{}
}

// Start implements source.Source.
func (v *volumes) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	v.begun = make(chan struct{})
	informer, err := v.cache.GetInformer(ctx, &apiextensionsv1.CustomResourceDefinition{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("following the definition of DataVolume: %w", err)
	}
	look := func(obj any) {
		if definition, ok := obj.(*apiextensionsv1.CustomResourceDefinition); ok && definition.Name == DefinitionName && served(definition) {
			v.once.Do(func() { v.begin(ctx, queue) })
		}
	}
	v.definitions, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: look, UpdateFunc: func(_, obj any) { look(obj) },
	})
	if err != nil {
		return fmt.Errorf("following the definition of DataVolume: %w", err)
	}
	return nil
}

func (v *volumes) begin(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	// A watch of this cache's only fails later, where it tries again by itself.
	_ = v.watch.Start(ctx, queue)
	close(v.begun)
}

// WaitForSync implements source.SyncingSource.
func (v *volumes) WaitForSync(ctx context.Context) error {
	if !toolscache.WaitForCacheSync(ctx.Done(), v.definitions.HasSynced) {
		return errors.New("the definition of DataVolume could not be looked for")
	}
	select {
	case <-v.begun:
		return v.watch.WaitForSync(ctx)
	default:
		return nil
	}
}

// String names the source in logs.
func (v *volumes) String() string { return "source of DataVolumes" }
