//go:build envtest

package kubevirt

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/logging"
)

const namespace = "kubevirt"

var (
	admin       client.Client
	adminConfig *rest.Config
	environment = component.Environment{
		Namespace: namespace, Image: "registry.test/kv/kubevirt:v1", LauncherImage: "registry.test/kv/virt-launcher:v1",
		Version: "v1.10.0+v0.1.0",
	}
)

// TestMain starts an API server that has what an administrator applies before a
// KubeVirt object, and nothing else.
func TestMain(m *testing.M) {
	log.SetLogger(logging.New("test", 0))
	server := &envtest.Environment{}
	code := 1
	err := func() error {
		var err error
		if adminConfig, err = server.Start(); err != nil {
			return err
		}
		scheme, err := NewScheme()
		if err != nil {
			return err
		}
		adminConfig.QPS = -1
		if admin, err = client.New(adminConfig, client.Options{Scheme: scheme}); err != nil {
			return err
		}
		if err := applyManifest(); err != nil {
			return err
		}
		code = m.Run()
		if some := flag.Lookup("test.run").Value.String() != ""; some || code != 0 {
			return nil
		}
		unused, err := unusedRights(context.Background())
		if len(unused) > 0 {
			err = fmt.Errorf("rights that the operator does not use: %q", unused)
		}
		return err
	}()
	if stopErr := server.Stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func applyManifest() error {
	config, err := component.NewConfig(environment, &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace}}, 0, nil)
	if err != nil {
		return err
	}
	all, err := crd.All()
	if err != nil {
		return err
	}
	for _, definition := range all {
		if definition.Name != kubeVirtDefinition {
			continue
		}
		for _, object := range component.OperatorManifest(config, 2, definition) {
			if err := admin.Create(context.Background(), object.(client.Object)); err != nil {
				return fmt.Errorf("creating %T %s: %w", object, object.GetName(), err)
			}
		}
		_, err := envtest.InstallCRDs(adminConfig, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{definition}})
		return err
	}
	return fmt.Errorf("there is no CRD %s", kubeVirtDefinition)
}

// suite is one operator with its real rights and one KubeVirt object.
type suite struct {
	*testing.T
	ctx      context.Context
	r        *Reconciler
	identity *Identity
	clock    *clocktesting.FakePassiveClock
	events   *event.Memory
	writes   *writes
	// config is the operator's way to the API server.
	config *rest.Config
	// serving is what the operator takes its webhooks' server for.
	serving *bool
}

// aggregated stands in for a virt-api that the API server reaches: nothing here
// would answer it.
type aggregatedClient struct{ client.Client }

func (c aggregatedClient) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	err := c.Client.Get(ctx, key, object, options...)
	if service, ok := object.(*apiregistrationv1.APIService); ok && err == nil {
		service.Status.Conditions = []apiregistrationv1.APIServiceCondition{{Type: apiregistrationv1.Available, Status: apiregistrationv1.ConditionTrue}}
	}
	return err
}

// writes counts what the operator sends.
type writes struct {
	mutex sync.Mutex
	list  []string
}

func (w *writes) take() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	taken := w.list
	w.list = nil
	return taken
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func (w *writes) count(next http.RoundTripper) http.RoundTripper {
	return transport(func(request *http.Request) (*http.Response, error) {
		if request.Method != http.MethodGet {
			w.mutex.Lock()
			w.list = append(w.list, request.Method+" "+request.URL.Path)
			w.mutex.Unlock()
		}
		return next.RoundTrip(request)
	})
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &suite{T: t, ctx: ctx, events: &event.Memory{}, writes: &writes{}, serving: new(bool)}
	s.clock = clocktesting.NewFakePassiveClock(time.Now())
	s.r = &Reconciler{
		Environment: environment, Validate: func(*v1.KubeVirt) field.ErrorList { return nil }, Events: s.events, Now: s.clock.Now,
	}
	config := rest.CopyConfig(adminConfig)
	config.Wrap(s.writes.count)
	config.Wrap(record)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + component.OperatorAccount,
		Groups:   []string{"system:serviceaccounts", "system:authenticated"},
	}
	s.config = config
	options := NewCacheOptions(namespace)
	options.Scheme = admin.Scheme()
	reads, err := cache.New(config, options)
	s.must(err, "making the cache")
	for _, object := range append(watched(), anyNamespace()) {
		informer, err := reads.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		s.must(err, "getting an informer")
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{DeleteFunc: func(object any) { s.forget(object) }})
		s.must(err, "following deletions")
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := reads.Start(ctx); err != nil {
			t.Errorf("running the cache: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-stopped })
	live, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	s.must(err, "making the client")
	cached, err := client.New(config, client.Options{Scheme: admin.Scheme(), Cache: &client.CacheOptions{Reader: reads, Unstructured: true}})
	s.must(err, "making the cached client")
	definitions, err := NewDefinitions(crd.All)
	s.must(err, "loading the CRDs")
	s.r.Client, s.r.Live, s.r.Definitions = aggregatedClient{cached}, live, definitions
	s.r.Foreign = s.foreign(config)
	// Nobody would answer the API server's questions here.
	s.identity = &Identity{Reconciler: s.r, Serving: func(context.Context) (bool, error) { return *s.serving, nil }}
	return s
}

// forgetCertificates deletes the operator's own: they were made at the time of a
// test's clock.
func (s *suite) forgetCertificates() {
	for _, object := range []client.Object{
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: component.CASecret}}, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: component.OperatorSecret}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: component.CAConfigMap}},
	} {
		object.SetNamespace(namespace)
		s.must(client.IgnoreNotFound(admin.Delete(context.Background(), object)), "deleting the operator's certificates")
	}
}

// forget tells the reconciler of a deletion, as its watch would.
func (s *suite) forget(object any) {
	if gone, ok := object.(client.Object); ok {
		if gvk, err := admin.GroupVersionKindFor(gone); err == nil {
			s.r.applied.gone(identity{gvk.GroupKind(), client.ObjectKeyFromObject(gone)})
		}
	}
}

func (s *suite) must(err error, doing string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", doing, err)
	}
}

// in is the suite for a part of a test.
func (s *suite) in(t *testing.T) *suite {
	part := *s
	part.T = t
	return &part
}

// reconcile runs both controllers once on an object.
func (s *suite) reconcile(kv *v1.KubeVirt) ctrl.Result {
	s.Helper()
	_, err := s.identity.Reconcile(s.ctx, ctrl.Request{})
	s.must(err, "reconciling the identity")
	result, err := s.r.Reconcile(s.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(kv)})
	s.must(err, "reconciling")
	if err := admin.Get(s.ctx, client.ObjectKeyFromObject(kv), kv); client.IgnoreNotFound(err) != nil {
		s.Fatalf("reading the KubeVirt object: %v", err)
	} else if err != nil {
		kv.UID = ""
	}
	return result
}

// until reconciles until something holds: the cache brings other's writes a moment late.
func (s *suite) until(kv *v1.KubeVirt, what string, holds func() bool) {
	s.Helper()
	end := time.Now().Add(3 * time.Minute)
	for !holds() {
		if time.Now().After(end) {
			s.Fatalf("not reached: %s; phase %s, conditions %+v", what, kv.Status.Phase, kv.Status.Conditions)
		}
		s.reconcile(kv)
		time.Sleep(5 * time.Millisecond)
	}
}

// kubelets says that all pods run, as the controllers of the workloads would.
func (s *suite) kubelets() {
	s.Helper()
	deployments := &appsv1.DeploymentList{}
	s.must(admin.List(s.ctx, deployments, managedByUs), "listing Deployments")
	for i := range deployments.Items {
		d := &deployments.Items[i]
		n := *d.Spec.Replicas
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		s.must(admin.Status().Update(s.ctx, d), "updating a Deployment's status")
	}
	sets := &appsv1.DaemonSetList{}
	s.must(admin.List(s.ctx, sets, managedByUs), "listing DaemonSets")
	for i := range sets.Items {
		s.daemons(&sets.Items[i], s.wellDone)
	}
}

// settle reconciles, with pods that start at once, until everything is ready and
// the cache shows all of it.
func (s *suite) settle(kv *v1.KubeVirt) {
	s.Helper()
	s.until(kv, "everything is ready", func() bool {
		if kv.Status.ObservedGeneration != nil && *kv.Status.ObservedGeneration == kv.Generation && kv.Status.Phase == v1.KubeVirtPhaseDeployed {
			return true
		}
		s.kubelets()
		return false
	})
	quiet := 0
	s.until(kv, "nothing is written any more", func() bool {
		s.kubelets()
		if s.writes.take() == nil {
			quiet++
		} else {
			quiet = 0
		}
		return quiet > 5
	})
}

// collect does what the garbage collector would: workloads deleted in the
// foreground go once their pods are gone.
func (s *suite) collect() {
	s.Helper()
	var objects []client.Object
	deployments, sets := &appsv1.DeploymentList{}, &appsv1.DaemonSetList{}
	s.must(admin.List(s.ctx, deployments), "listing Deployments")
	s.must(admin.List(s.ctx, sets), "listing DaemonSets")
	for i := range deployments.Items {
		objects = append(objects, &deployments.Items[i])
	}
	for i := range sets.Items {
		objects = append(objects, &sets.Items[i])
		if sets.Items[i].DeletionTimestamp != nil {
			for _, pod := range s.handlerPods() {
				s.must(client.IgnoreNotFound(admin.Delete(s.ctx, pod, client.GracePeriodSeconds(0))), "deleting a pod")
			}
		}
	}
	for _, object := range objects {
		if object.GetDeletionTimestamp() != nil {
			object.SetFinalizers(nil)
			s.must(client.IgnoreNotFound(admin.Update(s.ctx, object)), "finishing a deletion")
		}
	}
}

// expectCondition compares one condition.
func (s *suite) expectCondition(kv *v1.KubeVirt, t v1.ConditionType, status corev1.ConditionStatus, reason string) {
	s.Helper()
	c := v1.FindCondition(kv.Status.Conditions, t)
	if c == nil || c.Status != status || c.Reason != reason {
		s.Errorf("condition %s is %+v, want %s with reason %s", t, c, status, reason)
	}
}

// matching returns the writes that contain a text.
func matching(list []string, text string) []string {
	var found []string
	for _, line := range list {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}
