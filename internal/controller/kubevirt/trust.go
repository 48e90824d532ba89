package kubevirt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// annotationCertificates on a component's pod is a hash of the certificates that its
// files should hold by now.
const annotationCertificates = "kubevirt.io/certificates-hash"

// entrust tells the API server whom to trust where this reconcile has not come to it:
// an update that waits, or an object that cannot be followed, may outlast an authority.
func (r *Reconciler) entrust(ctx context.Context, s *scope) error {
	if s.bundle == nil {
		return nil
	}
	var (
		validating admissionv1.ValidatingWebhookConfigurationList
		mutating   admissionv1.MutatingWebhookConfigurationList
		services   apiregistrationv1.APIServiceList
	)
	for _, list := range []client.ObjectList{&validating, &mutating, &services} {
		if err := r.Client.List(ctx, list, managedByUs); err != nil {
			return fmt.Errorf("listing whom the API server trusts: %w", err)
		}
		err := meta.EachListItem(list, func(item runtime.Object) error { return r.trust(ctx, item.(client.Object), s.bundle) })
		if err != nil {
			return fmt.Errorf("updating whom the API server trusts: %w", err)
		}
	}
	return nil
}

// trust changes one registration, unless it is the operator's own, which Identity keeps.
func (r *Reconciler) trust(ctx context.Context, cached client.Object, bundle []byte) error {
	if cached.GetName() == component.OperatorValidator {
		return nil
	}
	gvk, err := apiutil.GVKForObject(cached, r.Client.Scheme())
	if err != nil {
		return err
	}
	live, _ := r.applied.newest(identity{gvk.GroupKind(), client.ObjectKeyFromObject(cached)}, cached)
	wanted := live.DeepCopyObject().(client.Object)
	changed := false
	for _, field := range trusts(wanted) {
		changed = changed || !bytes.Equal(*field, bundle)
		*field = bundle
	}
	if !changed {
		return nil
	}
	lock := client.MergeFromWithOptions(live, client.MergeFromWithOptimisticLock{})
	return client.IgnoreNotFound(r.Client.Patch(ctx, wanted, lock, fieldOwner))
}

// trusts returns the fields by which an object tells the API server whom to trust.
func trusts(object client.Object) []*[]byte {
	var fields []*[]byte
	switch o := object.(type) {
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			fields = append(fields, &o.Webhooks[i].ClientConfig.CABundle)
		}
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range o.Webhooks {
			fields = append(fields, &o.Webhooks[i].ClientConfig.CABundle)
		}
	case *apiregistrationv1.APIService:
		fields = append(fields, &o.Spec.CABundle)
	}
	return fields
}

// hasten has the kubelets bring the components' mounted certificates up to date at
// once: by themselves they look once in a minute or more, which is late for what lives
// for minutes. A kubelet looks whenever its pod changes.
func (r *Reconciler) hasten(ctx context.Context, s *scope, ca *x509.Certificate) error {
	hash, changed := sha256.New(), certificate.Issued(ca)
	hash.Write(s.bundle)
	for _, c := range component.Certificates(s.kv.Namespace) {
		secret := &corev1.Secret{}
		if err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.kv.Namespace, Name: c.Secret}, secret); err != nil {
			// The cache is behind; it brings this reconciler back.
			return client.IgnoreNotFound(err)
		}
		hash.Write(secret.Data[corev1.TLSCertKey])
		for _, issued := range certificate.ParseBundle(secret.Data[corev1.TLSCertKey]) {
			if at := certificate.Issued(issued); at.After(changed) {
				changed = at
			}
		}
	}
	mark := hex.EncodeToString(hash.Sum(nil))[:16]
	if r.shown == mark {
		return nil
	}
	if err := r.touch(ctx, s.kv.Namespace, mark, changed); err != nil {
		return fmt.Errorf("having kubelets show pods their certificates: %w", err)
	}
	r.shown = mark
	return nil
}

// touch marks the components' pods, but for those that were made after the change.
func (r *Reconciler) touch(ctx context.Context, namespace, mark string, changed time.Time) error {
	components, err := labels.NewRequirement(v1.LabelComponent, selection.In, []string{component.API, component.Controller, component.Handler})
	if err != nil {
		return err
	}
	pods := &metav1.PartialObjectMetadataList{}
	pods.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	selector := client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(*components)}
	if err := r.Live.List(ctx, pods, client.InNamespace(namespace), selector); err != nil {
		return err
	}
	change, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{annotationCertificates: mark}}})
	if err != nil {
		return err
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		pod.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
		if pod.Annotations[annotationCertificates] == mark || pod.DeletionTimestamp != nil || pod.CreationTimestamp.After(changed) {
			continue
		}
		if err := r.Client.Patch(ctx, pod, client.RawPatch(types.MergePatchType, change)); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}
