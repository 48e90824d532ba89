package kubevirt

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// certify renews the certificates of the components. The authority that signs them
// is the operator's own and kept by Identity.
func (r *Reconciler) certify(ctx context.Context, s *scope) error {
	a := authority{client: r.Client, namespace: s.kv.Namespace, now: s.now}
	policy := certificate.NewPolicy(s.kv.Spec.CertificateRotateStrategy)
	ca, err := a.read(ctx)
	if err != nil {
		return err
	}
	if ca == nil {
		s.waiting = "waiting for the certificate authority"
		return errDone
	}
	for _, wanted := range component.Certificates(s.kv.Namespace) {
		next, err := a.issue(ctx, ca, policy, wanted)
		if err != nil {
			return err
		}
		s.at(next)
	}
	s.config, err = component.NewConfig(r.Environment, s.kv, r.nodes(ctx, s), ca.bundle)
	if err != nil {
		s.invalid = err.Error()
		return errDone
	}
	return nil
}

// authority signs certificates and keeps them as Secrets.
type authority struct {
	client    client.Client
	namespace string
	now       time.Time
}

// trust is an authority with all those that are trusted.
type trust struct {
	*certificate.Pair
	bundle  []byte
	trusted []*x509.Certificate
}

// read returns the authority that signs; nil if there is none yet or it is not yet
// among those trusted.
func (a authority) read(ctx context.Context) (*trust, error) {
	secret := &corev1.Secret{}
	if err := a.client.Get(ctx, a.key(component.CASecret), secret); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading the certificate authority: %w", err)
	}
	pair, err := certificate.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, nil //nolint:nilerr // Identity replaces it.
	}
	published := &corev1.ConfigMap{}
	if err := a.client.Get(ctx, a.key(component.CAConfigMap), published); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading the trusted authorities: %w", err)
	}
	t := &trust{Pair: pair, bundle: []byte(published.Data[component.CABundleKey])}
	t.trusted = certificate.ParseBundle(t.bundle)
	for _, c := range t.trusted {
		if c.Equal(pair.Certificate) {
			return t, nil
		}
	}
	return nil, nil
}

// issue renews one certificate if its time has come, and says when it comes next.
func (a authority) issue(ctx context.Context, ca *trust, policy certificate.Policy, wanted component.Certificate) (time.Time, error) {
	request := certificate.Request{CommonName: wanted.CommonName, DNSNames: wanted.DNSNames}
	request.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(wanted.DNSNames) > 0 {
		request.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	secret, err := a.secret(ctx, wanted.Secret)
	if err != nil {
		return time.Time{}, err
	}
	pair, err := certificate.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err == nil && request.Fits(pair.Certificate) {
		if at := policy.RenewAt(pair.Certificate, ca.Certificate, ca.trusted); a.now.Before(at) {
			return at, nil
		}
	}
	pair, err = ca.Issue(request, a.now, policy.Duration)
	if err != nil {
		return time.Time{}, fmt.Errorf("renewing the certificate in Secret %s: %w", wanted.Secret, err)
	}
	if err := a.store(ctx, secret, pair); err != nil {
		return time.Time{}, err
	}
	return policy.RenewAt(pair.Certificate, ca.Certificate, ca.trusted), nil
}

// renew makes a new authority if its time has come, and says when it comes next.
func (a authority) renew(ctx context.Context, policy certificate.Policy) (*certificate.Pair, time.Time, error) {
	secret, err := a.secret(ctx, component.CASecret)
	if err != nil {
		return nil, time.Time{}, err
	}
	pair, err := certificate.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err == nil && pair.Certificate.IsCA {
		if at := policy.RenewAuthorityAt(pair.Certificate); a.now.Before(at) {
			return pair, at, nil
		}
	}
	pair, err = certificate.NewAuthority("kubevirt.io", a.now, policy.CADuration)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("making a certificate authority: %w", err)
	}
	return pair, policy.RenewAuthorityAt(pair.Certificate), a.store(ctx, secret, pair)
}

// publish tells everybody which authorities to trust.
func (a authority) publish(ctx context.Context, policy certificate.Policy, ca *certificate.Pair) (bundle []byte, next time.Time, err error) {
	published := &corev1.ConfigMap{}
	err = a.client.Get(ctx, a.key(component.CAConfigMap), published)
	if client.IgnoreNotFound(err) != nil {
		return nil, time.Time{}, fmt.Errorf("reading the trusted authorities: %w", err)
	}
	former := []byte(published.Data[component.CABundleKey])
	bundle, next = certificate.NewBundle(former, ca.Certificate, a.now, policy.CARenewBefore)
	if err == nil && bytes.Equal(former, bundle) {
		return bundle, next, nil
	}
	published.Name, published.Namespace = component.CAConfigMap, a.namespace
	published.Labels = ours(published.Labels)
	published.Data = map[string]string{component.CABundleKey: string(bundle)}
	return bundle, next, a.write(ctx, published)
}

// secret reads a Secret, or begins one.
func (a authority) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	if err := a.client.Get(ctx, a.key(name), secret); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", name, err)
	}
	secret.Name, secret.Namespace = name, a.namespace
	return secret, nil
}

func (a authority) store(ctx context.Context, secret *corev1.Secret, pair *certificate.Pair) error {
	secret.Type = corev1.SecretTypeTLS
	secret.Labels = ours(secret.Labels)
	secret.Data = map[string][]byte{corev1.TLSCertKey: pair.CertificatePEM, corev1.TLSPrivateKeyKey: pair.KeyPEM}
	return a.write(ctx, secret)
}

// write creates an object, or updates it as it was read: with a cache that is
// behind, both fail instead of throwing away a newer key.
func (a authority) write(ctx context.Context, object client.Object) error {
	if object.GetResourceVersion() == "" {
		err := a.client.Create(ctx, object)
		if apierrors.IsAlreadyExists(err) {
			return err
		}
		return wrap(err, "creating %s", object.GetName())
	}
	return wrap(a.client.Update(ctx, object), "updating %s", object.GetName())
}

func (a authority) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: a.namespace, Name: name}
}

// ours adds the label by which our objects are found again.
func ours(labels map[string]string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1.LabelManagedBy] = v1.ManagedByOperator
	return labels
}

// wrap adds what was being done to an error, if there is one.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
