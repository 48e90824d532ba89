package certificate

import (
	"crypto/x509"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func authorityAt(t *testing.T, now time.Time, duration time.Duration) *Pair {
	t.Helper()
	authority, err := NewAuthority("kubevirt.io", now, duration)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func issueAt(t *testing.T, authority *Pair, now time.Time, duration time.Duration) *Pair {
	t.Helper()
	pair, err := authority.Issue(Request{CommonName: "virt-api", DNSNames: []string{"virt-api.kubevirt.svc"}, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, now, duration)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestIssuedCertificateIsAcceptedByTheBundle(t *testing.T) {
	authority := authorityAt(t, start, time.Hour)
	pair := issueAt(t, authority, start, time.Minute)
	pool := x509.NewCertPool()
	bundle, _ := NewBundle(nil, authority.Certificate, start, time.Hour)
	if !pool.AppendCertsFromPEM(bundle) {
		t.Fatal("the bundle holds no certificate")
	}
	verify := func(name string, at time.Time) error {
		_, err := pair.Certificate.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: at})
		return err
	}
	if err := verify("virt-api.kubevirt.svc", start.Add(-4*time.Minute)); err != nil {
		t.Errorf("a clock four minutes behind refuses it: %v", err)
	}
	if err := verify("virt-handler", start); err == nil {
		t.Error("accepted under a name it was not issued for")
	}
	if err := verify("virt-api.kubevirt.svc", start.Add(2*time.Minute)); err == nil {
		t.Error("accepted after its end")
	}
}

func TestCertificateNeverOutlivesItsAuthority(t *testing.T) {
	authority := authorityAt(t, start, time.Hour)
	if pair := issueAt(t, authority, start, 5*time.Hour); pair.Certificate.NotAfter.After(authority.Certificate.NotAfter) {
		t.Errorf("ends %s, its authority %s", pair.Certificate.NotAfter, authority.Certificate.NotAfter)
	}
}

func TestParseRefusesWhatDoesNotBelongTogether(t *testing.T) {
	one, other := authorityAt(t, start, time.Hour), authorityAt(t, start, time.Hour)
	for name, parts := range map[string][2][]byte{
		"empty":              {nil, nil},
		"no key":             {one.CertificatePEM, nil},
		"another's key":      {one.CertificatePEM, other.KeyPEM},
		"swapped":            {one.KeyPEM, one.CertificatePEM},
		"truncated":          {one.CertificatePEM[:40], one.KeyPEM},
		"not PEM whatsoever": {[]byte("x"), []byte("y")},
	} {
		if _, err := Parse(parts[0], parts[1]); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Parse(one.CertificatePEM, one.KeyPEM); err != nil {
		t.Errorf("a good pair: %v", err)
	}
}

func TestPolicy(t *testing.T) {
	hours := func(n int) *metav1.Duration { return &metav1.Duration{Duration: time.Duration(n) * time.Hour} }
	tests := map[string]struct {
		configured *v1.KubeVirtSelfSignConfiguration
		want       Policy
	}{
		"defaults": {nil, Policy{168 * time.Hour, 168 * time.Hour / 5, 24 * time.Hour, 24 * time.Hour / 5}},
		"configured": {
			&v1.KubeVirtSelfSignConfiguration{
				CA: &v1.CertConfig{Duration: hours(20), RenewBefore: hours(3)}, Server: &v1.CertConfig{Duration: hours(10), RenewBefore: hours(2)},
			},
			Policy{20 * time.Hour, 3 * time.Hour, 10 * time.Hour, 2 * time.Hour},
		},
		"a share of what is configured": {
			&v1.KubeVirtSelfSignConfiguration{CA: &v1.CertConfig{Duration: hours(20)}, Server: &v1.CertConfig{Duration: hours(10)}},
			Policy{20 * time.Hour, 4 * time.Hour, 10 * time.Hour, 2 * time.Hour},
		},
		"renewed as soon as made": {
			&v1.KubeVirtSelfSignConfiguration{
				CA: &v1.CertConfig{Duration: hours(20), RenewBefore: hours(20)}, Server: &v1.CertConfig{Duration: hours(10), RenewBefore: hours(10)},
			},
			Policy{20 * time.Hour, 18 * time.Hour, 10 * time.Hour, 9 * time.Hour},
		},
		"deprecated fields": {
			&v1.KubeVirtSelfSignConfiguration{CARotateInterval: hours(30), CAOverlapInterval: hours(5), CertRotateInterval: hours(15)},
			Policy{30 * time.Hour, 5 * time.Hour, 15 * time.Hour, 3 * time.Hour},
		},
	}
	for name, test := range tests {
		if got := NewPolicy(v1.KubeVirtCertificateRotateStrategy{SelfSigned: test.configured}); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestRenewAt(t *testing.T) {
	policy := Policy{CADuration: 100 * time.Hour, CARenewBefore: 20 * time.Hour, Duration: 10 * time.Hour, RenewBefore: 2 * time.Hour}
	current := authorityAt(t, start, policy.CADuration)
	former := authorityAt(t, start.Add(-80*time.Hour), policy.CADuration)
	stranger := authorityAt(t, start, policy.CADuration)
	bundle, _ := NewBundle(former.CertificatePEM, current.Certificate, start, policy.CARenewBefore)
	trusted := ParseBundle(bundle)

	short := policy
	short.CARenewBefore = 40 * time.Second

	tests := map[string]struct {
		certificate *Pair
		policy      Policy
		want        time.Time
	}{
		"in good time before its end":             {issueAt(t, current, start, policy.Duration), policy, start.Add(8 * time.Hour)},
		"at once when nobody trusted signed it":   {issueAt(t, stranger, start, policy.Duration), policy, time.Time{}},
		"once the new authority is known":         {issueAt(t, former, start.Add(-time.Hour), policy.Duration), policy, start.Add(kubeletPace)},
		"even if its time has come":               {issueAt(t, former, start.Add(-8*time.Hour), policy.Duration), policy, start.Add(kubeletPace)},
		"earlier if it does not last that long":   {issueAt(t, former, start.Add(-8*time.Hour), 8*time.Hour+3*time.Minute), policy, start.Add(90 * time.Second)},
		"at once if it has ended":                 {issueAt(t, former, start.Add(-8*time.Hour), 7*time.Hour), policy, start},
		"sooner where the overlap is short":       {issueAt(t, former, start.Add(-time.Hour), policy.Duration), short, start.Add(20 * time.Second)},
		"when the policy has become shorter":      {issueAt(t, current, start, 50*time.Hour), policy, start.Add(8 * time.Hour)},
		"half the overlap before authority's end": {issueAt(t, current, start.Add(95*time.Hour), policy.Duration), policy, start.Add(90 * time.Hour)},
	}
	for name, test := range tests {
		got := test.policy.RenewAt(test.certificate.Certificate, current.Certificate, trusted)
		if !got.Equal(test.want) {
			t.Errorf("%s: renewed at %s, want %s", name, got, test.want)
		}
	}
	if got := policy.RenewAuthorityAt(current.Certificate); !got.Equal(start.Add(80 * time.Hour)) {
		t.Errorf("the authority is renewed at %s", got)
	}
}

func TestBundleKeepsTheFormerAuthorityForTheOverlap(t *testing.T) {
	overlap := 10 * time.Hour
	first := authorityAt(t, start, 100*time.Hour)
	second := authorityAt(t, start.Add(50*time.Hour), 100*time.Hour)
	names := func(bundle []byte) (list []string) {
		for _, c := range ParseBundle(bundle) {
			list = append(list, c.Subject.CommonName)
		}
		return list
	}
	bundle, next := NewBundle(nil, first.Certificate, start, overlap)
	if !next.IsZero() {
		t.Errorf("a single authority leaves at %s", next)
	}
	bundle, next = NewBundle(bundle, second.Certificate, start.Add(50*time.Hour), overlap)
	if got := names(bundle); len(got) != 2 || got[0] != second.Certificate.Subject.CommonName {
		t.Errorf("after the change: %v", got)
	}
	if !next.Equal(start.Add(60 * time.Hour)) {
		t.Errorf("the former one leaves at %s", next)
	}
	if again, _ := NewBundle(bundle, second.Certificate, start.Add(51*time.Hour), overlap); string(again) != string(bundle) {
		t.Error("the bundle changes without a reason")
	}
	damaged := append([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), bundle...)
	if healed, _ := NewBundle(damaged, second.Certificate, start.Add(52*time.Hour), overlap); len(names(healed)) != 2 {
		t.Errorf("with a damaged entry: %v", names(healed))
	}
	if after, _ := NewBundle(bundle, second.Certificate, start.Add(61*time.Hour), overlap); len(names(after)) != 1 {
		t.Errorf("after the overlap: %v", names(after))
	}
}
