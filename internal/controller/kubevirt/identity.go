package kubevirt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// Identity keeps what the operator needs for itself, with or without a KubeVirt
// object: the certificate authority, its own certificate, and the registration of
// the webhooks that check KubeVirt objects.
type Identity struct {
	// Reconciler whose clients, clock and environment are shared.
	*Reconciler
	// Serving tells whether the API server can reach the operator's webhooks. Until
	// then they are not registered, for they would refuse every KubeVirt object.
	Serving func(context.Context) (bool, error)

	owner *metav1.OwnerReference
	// bundle was published last: what others make of it is not to be trusted.
	bundle []byte
}

// Reconcile renews what is due.
func (i *Identity) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	s := &scope{now: i.Now(), live: liveObjects{}}
	err := i.reconcile(ctx, s)
	if errors.Is(err, errDone) {
		err = nil
	}
	i.tellRestored(s)
	return s.result(err)
}

func (i *Identity) reconcile(ctx context.Context, s *scope) error {
	all := &v1.KubeVirtList{}
	if err := i.Client.List(ctx, all); err != nil {
		return fmt.Errorf("listing KubeVirt objects: %w", err)
	}
	s.kv = oldest(all.Items, i.Environment.Namespace)
	if s.kv == nil {
		s.kv = &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: i.Environment.Namespace}}
	}
	policy := certificate.NewPolicy(s.kv.Spec.CertificateRotateStrategy)
	a := authority{i.Reconciler, s}
	ca, next, err := a.renew(ctx, policy)
	if err != nil {
		return err
	}
	s.at(next)
	bundle, next, err := a.publish(ctx, policy, ca, i.bundle)
	if err != nil {
		return err
	}
	s.at(next)
	i.bundle = bundle
	known := &trust{Pair: ca, bundle: bundle, trusted: certificate.ParseBundle(bundle)}
	next, err = a.issue(ctx, known, policy, component.OperatorCertificate(i.Environment.Namespace))
	if err != nil {
		return err
	}
	s.at(next)
	return i.register(ctx, s, bundle)
}

// register tells the API server of the operator's webhooks. They go with the
// KubeVirt kind itself, whose CRD owns them.
func (i *Identity) register(ctx context.Context, s *scope, bundle []byte) error {
	known := &admissionv1.ValidatingWebhookConfiguration{}
	err := i.Client.Get(ctx, client.ObjectKey{Name: component.OperatorValidator}, known)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the registration of the operator's webhooks: %w", err)
	}
	if err != nil {
		i.owner = nil // It may have gone with its owner, of which there is another one by now.
		serving, err := i.Serving(ctx)
		if err != nil {
			return fmt.Errorf("asking whether the operator's webhooks can be reached: %w", err)
		}
		if !serving {
			s.at(s.now.Add(500 * time.Millisecond))
			return nil
		}
	}
	if i.owner == nil {
		crd := &metav1.PartialObjectMetadata{}
		crd.APIVersion, crd.Kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
		if err := i.Live.Get(ctx, client.ObjectKey{Name: kubeVirtDefinition}, crd); err != nil {
			return fmt.Errorf("reading the CRD of KubeVirt objects: %w", err)
		}
		i.owner = &metav1.OwnerReference{APIVersion: crd.APIVersion, Kind: crd.Kind, Name: crd.Name, UID: crd.UID}
	}
	neutral := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: i.Environment.Namespace}}
	config, err := component.NewConfig(i.Environment, neutral, 0, bundle)
	if err != nil {
		return fmt.Errorf("describing the operator's webhooks: %w", err)
	}
	webhooks, err := component.OperatorAdmission(config, *i.owner)
	if err != nil {
		return fmt.Errorf("describing the operator's webhooks: %w", err)
	}
	return i.ensure(ctx, s, []component.Object{webhooks})
}

// ServingCertificate hands the operator's own certificate to its servers, as the
// cache shows it, so that a renewed one counts at once.
type ServingCertificate struct {
	current atomic.Pointer[tls.Certificate]
}

// Observe takes the operator's Secret; anything else is ignored.
func (c *ServingCertificate) Observe(object any) {
	secret, ok := object.(*corev1.Secret)
	if !ok || secret.Name != component.OperatorSecret {
		return
	}
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err == nil {
		c.current.Store(&pair)
	}
}

// Get is for tls.Config.GetCertificate. It fails until the certificate is known.
func (c *ServingCertificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if current := c.current.Load(); current != nil {
		return current, nil
	}
	return nil, errors.New("the operator has no certificate yet")
}
