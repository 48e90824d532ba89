//go:build envtest

package kubevirt

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// prometheusDefinitions are the CRDs that a Prometheus operator brings, as far as
// they matter here.
func prometheusDefinitions() []*apiextensionsv1.CustomResourceDefinition {
	var list []*apiextensionsv1.CustomResourceDefinition
	for name, kind := range foreignKinds {
		plural, group, _ := strings.Cut(name, ".")
		list = append(list, &apiextensionsv1.CustomResourceDefinition{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: apiextensionsv1.CustomResourceDefinitionSpec{
				Group: group, Scope: apiextensionsv1.NamespaceScoped,
				Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind.Kind, ListKind: kind.Kind + "List", Plural: plural, Singular: strings.ToLower(kind.Kind)},
				Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
					Name: kind.Version, Served: true, Storage: true,
					Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
						Type: "object", XPreserveUnknownFields: ptr.To(true),
					}},
				}},
			},
		})
	}
	return list
}

// foreign starts the caches of others' CRDs.
func (s *suite) foreign(config *rest.Config) Foreign {
	s.Helper()
	foreign, err := NewForeign(func(options cache.Options) (cache.Cache, error) {
		options.Scheme = admin.Scheme()
		definitions, err := cache.New(config, options)
		if err != nil {
			return nil, err
		}
		if _, err := definitions.GetInformer(s.ctx, &apiextensionsv1.CustomResourceDefinition{}, cache.BlockUntilSynced(false)); err != nil {
			return nil, err
		}
		go func() { _ = definitions.Start(s.ctx) }() // it ends with the test
		definitions.WaitForCacheSync(s.ctx)
		return definitions, nil
	})
	s.must(err, "making the caches of others' CRDs")
	return foreign
}

// run starts the operator as a whole, beside the reconcilers that tests call.
func (s *suite) run() (stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err, "finding a port")
	s.must(listener.Close(), "freeing a port")
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, s.config, Options{
			Log: log.Log, Environment: s.r.Environment, MetricsAddress: "127.0.0.1:0", WebhookPort: listener.Addr().(*net.TCPAddr).Port,
			Validate: s.r.Validate, Webhooks: func(client.Reader, client.Writer) map[string]http.Handler { return nil },
		})
	}()
	return func() { cancel(); s.must(<-done, "running the operator") }
}

// eventually waits for what a running operator does.
func (s *suite) eventually(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("it does not come about that %s", what)
		}
	}
}

// testMonitoring brings a Prometheus to a cluster that already has an installation.
func testMonitoring(s *suite, kv *v1.KubeVirt) {
	t := s.T
	home := &corev1.Namespace{}
	s.must(admin.Get(s.ctx, client.ObjectKey{Name: namespace}, home), "reading the namespace")
	if home.Labels[labelMonitored] != "true" {
		t.Errorf("the namespace has labels %v", home.Labels)
	}
	if s.exists(&rbacv1.Role{}, "kubevirt-monitoring") {
		t.Error("somebody may look although there is no Prometheus")
	}
	stop := s.run()
	_, err := envtest.InstallCRDs(adminConfig, envtest.CRDInstallOptions{CRDs: prometheusDefinitions()})
	s.must(err, "installing the CRDs of Prometheus")
	for _, name := range []string{"monitoring", "elsewhere"} {
		s.must(admin.Create(s.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}), "creating a namespace")
	}
	const name = "prometheus-kubevirt-rules"
	there := func(kind *unstructured.Unstructured, namespace string) bool {
		err := admin.Get(s.ctx, client.ObjectKey{Namespace: namespace, Name: name}, kind)
		if client.IgnoreNotFound(err) != nil {
			s.Fatalf("reading a %s: %v", kind.GetKind(), err)
		}
		return err == nil
	}
	monitor, rule := foreignObject(component.ServiceMonitorKind), foreignObject(component.PrometheusRuleKind)
	// A running operator notices by itself.
	s.eventually("Prometheus is told where to look", func() bool { return there(monitor, "monitoring") && there(rule, namespace) })
	s.must(admin.Delete(s.ctx, monitor), "deleting the ServiceMonitor")
	s.eventually("the ServiceMonitor is back", func() bool { return there(monitor, "monitoring") })
	stop()
	s.settle(kv)
	for range 3 {
		s.reconcile(kv)
	}
	if got := s.writes.take(); len(got) > 0 {
		t.Errorf("written without a reason: %v", got)
	}
	if !s.exists(&rbacv1.Role{}, "kubevirt-monitoring") {
		t.Error("Prometheus may not look")
	}

	rule.Object["spec"] = map[string]any{}
	s.must(admin.Update(s.ctx, rule), "emptying the rules")
	s.must(admin.Delete(s.ctx, monitor), "deleting the ServiceMonitor")
	s.until(kv, "both are back", func() bool {
		s.r.applied.gone(identify(monitor))
		groups, _, _ := unstructured.NestedSlice(rule.Object, "spec", "groups")
		return there(rule, namespace) && len(groups) == 2 && there(monitor, "monitoring")
	})

	kv.Spec.MonitorAccount, kv.Spec.ServiceMonitorNamespace = "me", "elsewhere"
	s.must(admin.Update(s.ctx, kv), "moving the monitoring")
	s.settle(kv)
	if !there(monitor, "elsewhere") || there(monitor, "monitoring") {
		t.Error("the ServiceMonitor is not moved")
	}
	binding := &rbacv1.RoleBinding{}
	if s.exists(binding, "kubevirt-monitoring"); binding.Subjects[0].Name != "me" || binding.Subjects[0].Namespace != "monitoring" {
		t.Errorf("%+v may look", binding.Subjects)
	}

	kv.Spec.MonitorNamespace = "nowhere"
	s.must(admin.Update(s.ctx, kv), "looking for Prometheus elsewhere")
	s.settle(kv)
	if there(monitor, "elsewhere") || there(rule, namespace) || s.exists(binding, "kubevirt-monitoring") {
		t.Error("without a Prometheus its objects stay")
	}
	kv.Spec.MonitorNamespace, kv.Spec.MonitorAccount, kv.Spec.ServiceMonitorNamespace = "", "", ""
	s.must(admin.Update(s.ctx, kv), "going back")
	s.settle(kv)
}
