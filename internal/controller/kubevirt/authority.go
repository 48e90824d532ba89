package kubevirt

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// certify renews the certificates of the components, and begins to describe them.
func (r *Reconciler) certify(ctx context.Context, s *scope) error {
	if err := r.renew(ctx, s); err != nil {
		return err
	}
	var err error
	s.config, err = component.NewConfig(r.Environment, s.kv, r.nodes(ctx, s), s.bundle)
	if err != nil {
		s.invalid = err.Error()
		return errDone
	}
	return nil
}

// renew renews the certificates whose time has come. The authority that signs them is
// the operator's own and kept by Identity.
func (r *Reconciler) renew(ctx context.Context, s *scope) error {
	a := authority{r, s}
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
		if errors.Is(err, errDone) {
			continue // Somebody contests this one; the others need not wait.
		}
		if err != nil {
			return err
		}
		s.at(next)
	}
	s.bundle = ca.bundle
	return r.hasten(ctx, s, ca.Certificate)
}

// authority signs certificates and keeps them as Secrets, during one reconcile.
type authority struct {
	r *Reconciler
	s *scope
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
	if err := a.r.Client.Get(ctx, a.key(component.CASecret), secret); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading the certificate authority: %w", err)
	}
	pair, err := certificate.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, nil //nolint:nilerr // Identity replaces it.
	}
	published := &corev1.ConfigMap{}
	if err := a.r.Client.Get(ctx, a.key(component.CAConfigMap), published); client.IgnoreNotFound(err) != nil {
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
		if at := policy.RenewAt(pair.Certificate, ca.Certificate, ca.trusted); a.s.now.Before(at) {
			return at, a.store(ctx, secret, pair)
		}
	}
	pair, err = ca.Issue(request, a.s.now, policy.Duration)
	if err != nil {
		return time.Time{}, fmt.Errorf("renewing the certificate in Secret %s: %w", wanted.Secret, err)
	}
	return policy.RenewAt(pair.Certificate, ca.Certificate, ca.trusted), a.store(ctx, secret, pair)
}

// renew makes a new authority if its time has come, and says when it comes next.
func (a authority) renew(ctx context.Context, policy certificate.Policy) (*certificate.Pair, time.Time, error) {
	secret, err := a.secret(ctx, component.CASecret)
	if err != nil {
		return nil, time.Time{}, err
	}
	pair, err := certificate.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err == nil && pair.Certificate.IsCA {
		if at := policy.RenewAuthorityAt(pair.Certificate); a.s.now.Before(at) {
			return pair, at, a.store(ctx, secret, pair)
		}
	}
	pair, err = certificate.NewAuthority("kubevirt.io", a.s.now, policy.CADuration)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("making a certificate authority: %w", err)
	}
	return pair, policy.RenewAuthorityAt(pair.Certificate), a.store(ctx, secret, pair)
}

// publish tells everybody which authorities to trust: this one, and of those in last,
// which is empty in the beginning, the ones whose time is not over.
func (a authority) publish(ctx context.Context, policy certificate.Policy, ca *certificate.Pair, last []byte) (bundle []byte, next time.Time, err error) {
	published := &corev1.ConfigMap{}
	if err := a.find(ctx, published, component.CAConfigMap); err != nil {
		return nil, time.Time{}, err
	}
	former := published.DeepCopy()
	if len(last) == 0 {
		last = []byte(former.Data[component.CABundleKey])
	}
	bundle, next = certificate.NewBundle(last, ca.Certificate, a.s.now, policy.CARenewBefore)
	published.Labels = ours(published.Labels)
	published.Data = map[string]string{component.CABundleKey: string(bundle)}
	return bundle, next, a.write(ctx, former, published)
}

// secret reads a Secret, or begins one.
func (a authority) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	return secret, a.find(ctx, secret, name)
}

func (a authority) store(ctx context.Context, former *corev1.Secret, pair *certificate.Pair) error {
	secret := former.DeepCopy()
	secret.Type = corev1.SecretTypeTLS
	secret.Labels = ours(secret.Labels)
	secret.Data = map[string][]byte{corev1.TLSCertKey: pair.CertificatePEM, corev1.TLSPrivateKeyKey: pair.KeyPEM}
	return a.write(ctx, former, secret)
}

// find reads an object of the operator's namespace, or begins one. What the cache
// does not show may have lost the label that it goes by.
func (a authority) find(ctx context.Context, object client.Object, name string) error {
	err := a.r.Client.Get(ctx, a.key(name), object)
	if apierrors.IsNotFound(err) {
		err = a.r.Live.Get(ctx, a.key(name), object)
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading %T %s: %w", object, name, err)
	}
	object.SetName(name)
	object.SetNamespace(a.s.kv.Namespace)
	return nil
}

// write creates an object, or updates it as it was read, if it differs: with a
// cache that is behind, both fail instead of throwing away a newer key.
func (a authority) write(ctx context.Context, former, object client.Object) error {
	gvk, err := apiutil.GVKForObject(object, a.r.Client.Scheme())
	if err != nil {
		return fmt.Errorf("finding the kind of %T: %w", object, err)
	}
	id := identity{gvk.GroupKind(), client.ObjectKeyFromObject(object)}
	there := former.GetResourceVersion() != ""
	if there && substance(former) == substance(object) {
		a.r.applied.keep(id, substance(object))
		return nil
	}
	damaged := a.damaged(id, former)
	if damaged && a.r.patient(a.s, id) {
		a.s.waiting = fmt.Sprintf("waiting before %s is put back once more", id)
		return errDone
	}
	if there {
		err = a.r.Client.Update(ctx, object)
	} else {
		err = a.r.Client.Create(ctx, object)
	}
	if there && apierrors.IsInvalid(err) && frozen(former, object) {
		err = a.replace(ctx, object)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", id, err)
	}
	a.r.applied.keep(id, substance(object))
	if damaged {
		a.r.restored(a.s, id, !there)
	}
	return nil
}

// replace makes an object anew that somebody has made unchangeable, or of another type.
func (a authority) replace(ctx context.Context, object client.Object) error {
	uid := object.GetUID()
	if err := a.r.Client.Delete(ctx, object, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
		return err
	}
	object.SetResourceVersion("")
	object.SetUID("")
	switch o := object.(type) {
	case *corev1.Secret:
		o.Immutable = nil
	case *corev1.ConfigMap:
		o.Immutable = nil
	}
	return a.r.Client.Create(ctx, object)
}

// frozen: an object cannot become as wanted by a change. A policy of the cluster's may
// refuse one in the same words, and would refuse the next.
func frozen(former, wanted client.Object) bool {
	switch have := former.(type) {
	case *corev1.Secret:
		other, ok := wanted.(*corev1.Secret)
		return ptr.Deref(have.Immutable, false) || ok && have.Type != other.Type
	case *corev1.ConfigMap:
		return ptr.Deref(have.Immutable, false)
	}
	return false
}

// damaged tells whether an object that is to be written is not as this operator, or
// another process of it, left it.
func (a authority) damaged(id identity, former client.Object) bool {
	if last := a.r.applied.content(id); last != "" {
		return last != substance(former)
	}
	return !a.r.complete.Load() && settled(a.s.kv) && (former.GetResourceVersion() == "" || former.GetLabels()[v1.LabelManagedBy] == "")
}

// substance is a hash of what of an object is the operator's.
func substance(object client.Object) string {
	hash := sha256.New()
	fmt.Fprintln(hash, object.GetLabels()[v1.LabelManagedBy])
	switch o := object.(type) {
	case *corev1.Secret:
		for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			hash.Write(o.Data[key])
		}
	case *corev1.ConfigMap:
		fmt.Fprint(hash, o.Data[component.CABundleKey])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (a authority) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: a.s.kv.Namespace, Name: name}
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
