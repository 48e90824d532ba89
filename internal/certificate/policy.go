package certificate

import (
	"crypto/x509"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// kubeletPace is the time within which kubelets show the components what they mount,
// even by themselves. It is longer than the default of 60 s with its jitter.
const kubeletPace = 2 * time.Minute

// Policy says how long certificates live and how long before their end they are renewed.
type Policy struct {
	// CADuration and CARenewBefore of the authority.
	CADuration, CARenewBefore time.Duration
	// Duration and RenewBefore of what it signs.
	Duration, RenewBefore time.Duration
}

// NewPolicy is what a KubeVirt object's strategy comes to. Who asks for renewal at
// once does not mean without an end: a tenth of the time passes before it.
func NewPolicy(strategy v1.KubeVirtCertificateRotateStrategy) Policy {
	p := Configured(strategy)
	// Without any overlap nobody would know the new one when the former ends.
	if p.CARenewBefore <= 0 {
		p.CARenewBefore = p.CADuration / 5
	}
	if p.RenewBefore <= 0 {
		p.RenewBefore = p.Duration / 5
	}
	p.CARenewBefore = min(p.CARenewBefore, p.CADuration-p.CADuration/10)
	p.RenewBefore = min(p.RenewBefore, p.Duration-p.Duration/10)
	return p
}

// Configured reads a KubeVirt object's strategy as it stands there. Certificates live
// a week (the authority) and a day unless configured, and are renewed after four
// fifths of that.
func Configured(strategy v1.KubeVirtCertificateRotateStrategy) Policy {
	p := Policy{CADuration: 7 * 24 * time.Hour, Duration: 24 * time.Hour}
	configured := strategy.SelfSigned
	if configured == nil {
		configured = &v1.KubeVirtSelfSignConfiguration{}
	}
	read := func(into *time.Duration, values ...*metav1.Duration) {
		for _, value := range values {
			if value != nil {
				*into = value.Duration
				return
			}
		}
	}
	ca, server := configured.CA, configured.Server
	if ca == nil {
		ca = &v1.CertConfig{}
	}
	if server == nil {
		server = &v1.CertConfig{}
	}
	read(&p.CADuration, configured.CARotateInterval, ca.Duration)
	read(&p.Duration, configured.CertRotateInterval, server.Duration)
	p.CARenewBefore, p.RenewBefore = p.CADuration/5, p.Duration/5
	read(&p.CARenewBefore, configured.CAOverlapInterval, ca.RenewBefore)
	read(&p.RenewBefore, server.RenewBefore)
	return p
}

// propagation is how long a new authority is only trusted before it signs, so that
// everybody knows it by then. A new certificate may take as long to be served: both
// have to fit into the overlap, and into what is left of the former certificate.
func (p Policy) propagation(left time.Duration) time.Duration {
	return max(0, min(kubeletPace, p.CARenewBefore/2, left/2))
}

// RenewAuthorityAt is when an authority is to be succeeded. A policy that has
// become shorter counts for existing ones too.
func (p Policy) RenewAuthorityAt(authority *x509.Certificate) time.Time {
	return end(authority, p.CADuration).Add(-p.CARenewBefore)
}

// RenewAt is when a certificate is to be renewed, given the authority that signs
// now and all that are trusted: at once when nobody trusted has signed it, once a
// new authority is known to everybody, and in good time before its end.
func (p Policy) RenewAt(certificate, authority *x509.Certificate, trusted []*x509.Certificate) time.Time {
	at := end(certificate, p.Duration).Add(-p.RenewBefore)
	if certificate.CheckSignatureFrom(authority) == nil {
		// Cut short by the authority's own end, it has to wait for the next one.
		if !certificate.NotAfter.Before(authority.NotAfter) {
			at = earlier(end(certificate, p.Duration), authority.NotAfter).Add(-p.CARenewBefore / 2)
		}
		return at
	}
	vouched := slices.ContainsFunc(trusted, func(c *x509.Certificate) bool { return certificate.CheckSignatureFrom(c) == nil })
	if !vouched {
		return time.Time{}
	}
	changed := Issued(authority)
	return changed.Add(p.propagation(certificate.NotAfter.Sub(changed)))
}

// Fits tells whether a certificate is what a request asks for.
func (r Request) Fits(certificate *x509.Certificate) bool {
	return certificate.Subject.CommonName == r.CommonName &&
		slices.Equal(certificate.DNSNames, r.DNSNames) && slices.Equal(certificate.ExtKeyUsage, r.Usages)
}

// end is when a certificate ends by itself or by a policy's duration.
func end(certificate *x509.Certificate, duration time.Duration) time.Time {
	return earlier(certificate.NotAfter, Issued(certificate).Add(duration))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
