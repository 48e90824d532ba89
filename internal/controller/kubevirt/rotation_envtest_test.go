//go:build envtest

package kubevirt

import (
	"bytes"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// rotate lets both controllers look after the certificates until something holds.
func (s *suite) rotate(kv *v1.KubeVirt, what string, holds func() bool) {
	s.Helper()
	end := time.Now().Add(time.Minute)
	for {
		_, err := s.identity.Reconcile(s.ctx, ctrl.Request{})
		s.must(err, "reconciling the identity")
		pass := &scope{kv: kv, now: s.clock.Now(), live: liveObjects{}}
		_, err = pass.result(s.r.certify(s.ctx, pass))
		if err != nil && !errors.Is(err, errDone) {
			s.Fatalf("renewing certificates: %v", err)
		}
		if holds() {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("not reached: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// pair reads a Secret's certificate; nil if it holds none.
func (s *suite) pair(name string) *certificate.Pair {
	s.Helper()
	secret := &corev1.Secret{}
	s.exists(secret, name)
	pair, err := certificate.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil
	}
	return pair
}

func (s *suite) bundle() []*x509.Certificate {
	s.Helper()
	published := &corev1.ConfigMap{}
	s.exists(published, component.CAConfigMap)
	return certificate.ParseBundle([]byte(published.Data[component.CABundleKey]))
}

// trusted tells whether every component's certificate is vouched for right now.
func (s *suite) trusted() bool {
	pool := x509.NewCertPool()
	for _, c := range s.bundle() {
		pool.AddCert(c)
	}
	names := []string{component.OperatorSecret}
	for _, c := range component.Certificates(namespace) {
		names = append(names, c.Secret)
	}
	for _, name := range names {
		pair := s.pair(name)
		if pair == nil {
			return false
		}
		_, err := pair.Certificate.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: s.clock.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err != nil {
			return false
		}
	}
	return true
}

func TestCertificatesAreRenewed(t *testing.T) {
	s := newSuite(t)
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kubevirt"}}
	s.rotate(kv, "every component has a certificate", s.trusted)
	ca, first := s.pair(component.CASecret), s.pair(component.APISecret)
	changed := func(name string, before *certificate.Pair) bool {
		now := s.pair(name)
		return now != nil && !bytes.Equal(now.CertificatePEM, before.CertificatePEM)
	}

	s.clock.SetTime(s.clock.Now().Add(19 * time.Hour))
	s.rotate(kv, "all is trusted", s.trusted)
	if changed(component.APISecret, first) {
		t.Error("renewed before its time")
	}
	s.clock.SetTime(s.clock.Now().Add(time.Hour))
	s.rotate(kv, "renewed before its end", func() bool { return changed(component.APISecret, first) && s.trusted() })
	if changed(component.CASecret, ca) {
		t.Error("the authority is renewed with its certificates")
	}

	for _, damage := range []map[string][]byte{nil, {corev1.TLSCertKey: []byte("x"), corev1.TLSPrivateKeyKey: []byte("y")}} {
		secret := &corev1.Secret{}
		s.exists(secret, component.HandlerServerSecret)
		if damage == nil {
			s.must(admin.Delete(s.ctx, secret), "deleting a Secret")
		} else {
			secret.Data = damage
			s.must(admin.Update(s.ctx, secret), "damaging a Secret")
		}
		s.rotate(kv, "mended", s.trusted)
	}
	testAuthorityChange(s, kv, ca, changed)
}

func testAuthorityChange(s *suite, kv *v1.KubeVirt, ca *certificate.Pair, changed func(string, *certificate.Pair) bool) {
	s.clock.SetTime(certificate.NewPolicy(kv.Spec.CertificateRotateStrategy).RenewAuthorityAt(ca.Certificate).Add(-time.Second))
	s.rotate(kv, "all is fresh", s.trusted)
	before := s.pair(component.APISecret)
	s.clock.SetTime(s.clock.Now().Add(2 * time.Second))
	s.rotate(kv, "both authorities are trusted", func() bool { return changed(component.CASecret, ca) && len(s.bundle()) == 2 && s.trusted() })
	if changed(component.APISecret, before) {
		s.Error("the new authority signs before the components can know it")
	}
	s.clock.SetTime(s.clock.Now().Add(3 * time.Minute))
	s.rotate(kv, "the new authority signs", func() bool { return changed(component.APISecret, before) && s.trusted() })
	if s.pair(component.APISecret).Certificate.CheckSignatureFrom(s.pair(component.CASecret).Certificate) != nil {
		s.Error("signed by somebody else")
	}
	s.clock.SetTime(ca.Certificate.NotAfter.Add(time.Minute))
	s.rotate(kv, "the former authority is forgotten", func() bool { return len(s.bundle()) == 1 && s.trusted() })

	secret := &corev1.Secret{}
	s.exists(secret, component.CASecret)
	s.must(admin.Delete(s.ctx, secret), "deleting the authority")
	s.rotate(kv, "there is a new one beside the former", func() bool {
		return s.exists(&corev1.Secret{}, component.CASecret) && len(s.bundle()) == 2 && s.trusted()
	})
	for _, name := range []string{component.CASecret, component.OperatorSecret} {
		s.exists(secret, name)
		s.must(admin.Delete(s.ctx, secret), "deleting a Secret")
	}
	for _, c := range component.Certificates(namespace) {
		s.exists(secret, c.Secret)
		s.must(client.IgnoreNotFound(admin.Delete(s.ctx, secret)), "deleting a Secret")
	}
	published := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: component.CAConfigMap}}
	s.must(admin.Delete(s.ctx, published), "deleting the bundle")
}
