package loader

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	sourcetesting "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// informers hands out one real informer; the rest of the interface is not used.
type informers struct {
	cache.Informers
	informer toolscache.SharedIndexInformer
}

func (i *informers) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	return i.informer, nil
}

func kubevirt(namespace, name, version string, emulation bool, age time.Duration) *v1.KubeVirt {
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: version}}
	kv.CreationTimestamp = metav1.NewTime(time.Unix(1_700_000_000, 0).Add(-age))
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{UseEmulation: emulation}
	return kv
}

func TestFollowsTheObject(t *testing.T) {
	source := sourcetesting.NewFakeControllerSource()
	source.Add(kubevirt("elsewhere", "kubevirt", "", false, time.Hour))
	source.Add(kubevirt("kv", "kubevirt", "", true, 0))
	informer := toolscache.NewSharedIndexInformer(source, &v1.KubeVirt{}, 0, toolscache.Indexers{})
	l, err := New(t.Context(), &informers{informer: informer}, "kv")
	if err != nil {
		t.Fatal(err)
	}

	early := make(chan *clusterconfig.Config)
	go func() { early <- l.Current() }()
	select {
	case config := <-early:
		t.Fatalf("a configuration (emulation %t) before the first list", config.UseEmulation)
	case <-time.After(20 * time.Millisecond):
	}

	go informer.Run(t.Context().Done())
	if config := <-early; !config.UseEmulation || config.Namespace != "kv" {
		t.Fatalf("first configuration: %+v", config)
	}

	changes := make(chan *clusterconfig.Config, 10)
	l.OnChange(func(config *clusterconfig.Config) { changes <- config })

	source.Modify(kubevirt("kv", "kubevirt", "", false, 0))
	changed := <-changes
	if changed.UseEmulation || changed != l.Current() || changed.ResourceVersion == "" {
		t.Errorf("after the change: %+v", changed)
	}

	source.Add(kubevirt("kv", "second", "", true, -time.Minute))
	if config := <-changes; config.UseEmulation {
		t.Error("a younger second object came into effect")
	}

	source.Delete(kubevirt("kv", "second", "", true, 0))
	<-changes
	source.Delete(kubevirt("kv", "kubevirt", "", true, 0))
	if config := <-changes; config.ResourceVersion != "" {
		t.Errorf("without an object: %+v", config)
	}
}
