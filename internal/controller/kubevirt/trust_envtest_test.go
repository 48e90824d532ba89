//go:build envtest

package kubevirt

import (
	"context"
	"crypto/x509"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// told returns the first error of an API server that checks virt-api's certificate by
// what its registrations say.
func (s *suite) told() error {
	s.Helper()
	served := s.pair(component.APISecret)
	var (
		validating admissionv1.ValidatingWebhookConfigurationList
		mutating   admissionv1.MutatingWebhookConfigurationList
		services   apiregistrationv1.APIServiceList
		bundles    []*[]byte
	)
	s.must(admin.List(s.ctx, &validating, managedByUs), "listing webhooks")
	s.must(admin.List(s.ctx, &mutating, managedByUs), "listing webhooks")
	s.must(admin.List(s.ctx, &services, managedByUs), "listing APIServices")
	for i := range validating.Items {
		if validating.Items[i].Name != component.OperatorValidator {
			bundles = append(bundles, trusts(&validating.Items[i])...)
		}
	}
	for i := range mutating.Items {
		bundles = append(bundles, trusts(&mutating.Items[i])...)
	}
	for i := range services.Items {
		bundles = append(bundles, trusts(&services.Items[i])...)
	}
	if len(bundles) < 3 {
		s.Fatalf("only %d registrations", len(bundles))
	}
	for _, bundle := range bundles {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(*bundle)
		_, err := served.Certificate.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: s.clock.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err != nil {
			return err
		}
	}
	return nil
}

// Certificates are renewed, and the API server told of it, while nothing else of an
// installation may change: its object breaks a rule that came with an update, or an
// update waits at virt-handler.
func TestCertificatesOutliveStandstill(t *testing.T) {
	for name, stop := range map[string]func(s *suite, kv *v1.KubeVirt){
		"an object that is refused": func(s *suite, _ *v1.KubeVirt) {
			s.r.Validate = func(*v1.KubeVirt) field.ErrorList {
				return field.ErrorList{field.Forbidden(field.NewPath("spec"), "a later rule")}
			}
		},
		"an update that waits": func(s *suite, _ *v1.KubeVirt) {
			s.r.Environment.Version, s.r.Environment.Image = "v1.10.0+v9.0.0", "registry.test/kv/kubevirt:v9"
		},
		"a removal that hangs": func(s *suite, kv *v1.KubeVirt) {
			held := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "virtualmachines.kubevirt.io"}}
			hold := func(finalizers string) {
				change := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":`+finalizers+`}}`))
				s.must(admin.Patch(context.Background(), held, change), "holding a CRD")
			}
			hold(`["example.com/held"]`)
			s.Cleanup(func() { hold("[]") })
			s.must(admin.Delete(s.ctx, kv), "deleting the KubeVirt object")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t)
			kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kubevirt"}}
			s.must(admin.Create(s.ctx, kv), "creating the KubeVirt object")
			t.Cleanup(func() { s.dismantle(kv) })
			s.settle(kv)
			stop(s, kv)
			policy := certificate.NewPolicy(kv.Spec.CertificateRotateStrategy)
			for range 2 {
				ca := s.pair(component.CASecret)
				s.clock.SetTime(policy.RenewAuthorityAt(ca.Certificate).Add(time.Second))
				s.until(kv, "there is a new authority", func() bool { return !s.pair(component.CASecret).Certificate.Equal(ca.Certificate) })
				s.until(kv, "the API server trusts the former certificate", func() bool { return s.told() == nil })
				s.clock.SetTime(s.clock.Now().Add(3 * time.Minute))
				s.until(kv, "the new authority signs", func() bool {
					return s.pair(component.APISecret).Certificate.CheckSignatureFrom(s.pair(component.CASecret).Certificate) == nil
				})
				if err := s.told(); err != nil {
					t.Fatalf("the API server does not trust virt-api: %v", err)
				}
			}
		})
	}
}

// dismantle removes an installation, whatever state it is in.
func (s *suite) dismantle(kv *v1.KubeVirt) {
	s.r.Validate = func(*v1.KubeVirt) field.ErrorList { return nil }
	s.r.Environment = environment
	s.must(client.IgnoreNotFound(admin.Delete(s.ctx, kv)), "deleting the KubeVirt object")
	s.until(kv, "everything is gone", func() bool { s.collect(); return kv.UID == "" })
	s.must(admin.DeleteAllOf(s.ctx, &corev1.Pod{}, client.InNamespace(namespace), client.GracePeriodSeconds(0)), "deleting pods")
	s.forgetCertificates()
}

// Kubelets take their time to bring new certificates to the pods that mount them, unless
// these change.
func TestKubeletsAreHastened(t *testing.T) {
	s := newSuite(t)
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kubevirt"}}
	s.must(admin.Create(s.ctx, kv), "creating the KubeVirt object")
	t.Cleanup(func() { s.dismantle(kv) })
	s.settle(kv)
	marks := func() map[string]int {
		found := map[string]int{}
		for _, pod := range s.handlerPods() {
			found[pod.Annotations[annotationCertificates]]++
		}
		return found
	}
	if got := marks(); got[""] != len(nodes) {
		t.Errorf("pods that have begun with their certificates are marked: %v", got)
	}
	seconds := func(n int) *metav1.Duration { return &metav1.Duration{Duration: time.Duration(n) * time.Second} }
	kv.Spec.CertificateRotateStrategy.SelfSigned = &v1.KubeVirtSelfSignConfiguration{
		CA:     &v1.CertConfig{Duration: seconds(60), RenewBefore: seconds(30)},
		Server: &v1.CertConfig{Duration: seconds(30), RenewBefore: seconds(10)},
	}
	s.must(admin.Update(s.ctx, kv), "asking for short lives")
	s.clock.SetTime(time.Now().Add(2 * time.Second))
	s.settle(kv)
	last := marks()
	for range 3 {
		before := s.pair(component.HandlerServerSecret)
		s.until(kv, "the certificate is renewed and all pods are told", func() bool {
			s.clock.SetTime(s.clock.Now().Add(time.Second))
			next := marks()
			for mark := range last {
				delete(next, mark)
			}
			return !s.pair(component.HandlerServerSecret).Certificate.Equal(before.Certificate) && len(next) == 1 && next[""] == 0
		})
		s.settle(kv)
		last = marks()
	}
}
