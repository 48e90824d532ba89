//go:build envtest

package datavolume_test

import (
	"context"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

// watch is a cache with a source that has been started and queues into requests.
type watch struct {
	cache.Cache
	source   source.SyncingSource
	requests chan reconcile.Request
}

func start(t *testing.T, config *rest.Config) *watch {
	t.Helper()
	c, err := cache.New(config, cache.Options{
		Scheme: cluster.Scheme, DefaultTransform: datavolume.Trim,
		ByObject: map[client.Object]cache.ByObject{&apiextensionsv1.CustomResourceDefinition{}: datavolume.CacheDefinition()},
	})
	if err != nil {
		t.Fatalf("making a cache: %v", err)
	}
	w := &watch{Cache: c, source: datavolume.Source(c, &handler.EnqueueRequestForObject{}), requests: make(chan reconcile.Request)}
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	go func() {
		if err := c.Start(t.Context()); err != nil {
			t.Errorf("running the cache: %v", err)
		}
	}()
	t.Cleanup(queue.ShutDown)
	if err := w.source.Start(t.Context(), queue); err != nil {
		t.Fatalf("starting the source: %v", err)
	}
	go func() {
		for {
			request, shutdown := queue.Get()
			if shutdown {
				return
			}
			queue.Done(request)
			w.requests <- request
		}
	}()
	synced, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.source.WaitForSync(synced); err != nil {
		t.Fatalf("the source does not begin: %v", err)
	}
	return w
}

func (w *watch) want(t *testing.T, name string) {
	t.Helper()
	select {
	case got := <-w.requests:
		if got.Name != name {
			t.Fatalf("%s is queued, want %s", got.Name, name)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%s is not queued", name)
	}
}

func available(t *testing.T, reader client.Reader) bool {
	t.Helper()
	is, err := datavolume.Available(t.Context(), reader)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// The kind comes while the controllers run: they follow it from then on, with
// virt-controller's own rights.
func TestKindComesLater(t *testing.T) {
	w := start(t, cluster.As(component.ControllerAccount, "", nil))
	if available(t, w) {
		t.Fatal("the kind is there already")
	}
	cluster.InstallDataVolumes(t)
	volume := &cdiv1beta1.DataVolume{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.NewNamespace(t), Name: "first"},
		Spec:       cdiv1beta1.DataVolumeSpec{PriorityClassName: "any"},
	}
	if err := cluster.Client.Create(t.Context(), volume); err != nil {
		t.Fatal(err)
	}
	w.want(t, "first")
	if !available(t, w) {
		t.Error("the kind is not there yet")
	}
	cached := &cdiv1beta1.DataVolume{}
	if err := w.Get(t.Context(), client.ObjectKeyFromObject(volume), cached); err != nil || cached.Spec.PriorityClassName != "" {
		t.Errorf("cached: %v, %+v", err, cached.Spec)
	}

	volume.Status.Progress = "50%"
	if err := cluster.Client.Update(t.Context(), volume); err != nil {
		t.Fatal(err)
	}
	volume.Status.Phase = cdiv1beta1.DataVolumeSucceeded
	if err := cluster.Client.Update(t.Context(), volume); err != nil {
		t.Fatal(err)
	}
	w.want(t, "first")
	select {
	case <-w.requests:
		t.Error("progress alone is queued")
	case <-time.After(200 * time.Millisecond):
	}
}

// What is there at the start is queued before the source counts as begun.
func TestKindIsThere(t *testing.T) {
	cluster.InstallDataVolumes(t)
	volume := &cdiv1beta1.DataVolume{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.NewNamespace(t), Name: "present"}}
	if err := cluster.Client.Create(t.Context(), volume); err != nil {
		t.Fatal(err)
	}
	w := start(t, cluster.As(component.ControllerAccount, "", nil))
	if !available(t, w) {
		t.Error("the kind is not there")
	}
	w.want(t, "present")
}
