package kubevirt

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// prune deletes what carries our label but is no longer part of the installation.
// It runs once everything wanted is in place, for the former version has to serve
// until then. CRDs stay: with them would go the objects of their kinds.
func (r *Reconciler) prune(ctx context.Context, s *scope) error {
	if s.unsure {
		return nil
	}
	wanted := map[identity]bool{}
	for _, object := range s.installation.Objects() {
		wanted[identify(object)] = true
	}
	for _, certificate := range component.Certificates(s.kv.Namespace) {
		wanted[identity{kind: schema.GroupKind{Kind: "Secret"}, key: client.ObjectKey{Namespace: s.kv.Namespace, Name: certificate.Secret}}] = true
	}
	var extra []client.Object
	for _, k := range kinds {
		found, name, err := r.owned(ctx, k)
		if err != nil {
			return err
		}
		for _, object := range found {
			if id := (identity{name, client.ObjectKeyFromObject(object)}); !wanted[id] {
				r.applied.forget(id)
				extra = append(extra, object)
			}
		}
	}
	programs, others := split(extra)
	if _, err := r.deleteAll(ctx, programs, metav1.DeletePropagationBackground); err != nil {
		return err
	}
	if err := r.retire(ctx, s, others); err != nil {
		return err
	}
	_, err := r.deleteAll(ctx, others, metav1.DeletePropagationBackground)
	return err
}

// split takes what makes pods out of a list.
func split(objects []client.Object) (programs, others []client.Object) {
	for _, object := range objects {
		switch object.(type) {
		case *appsv1.Deployment, *appsv1.DaemonSet:
			programs = append(programs, object)
		default:
			others = append(others, object)
		}
	}
	return programs, others
}

// retire waits for the last pods of accounts that are to be deleted: a program on its
// way out still gives back its Lease, and answers what it was asked. A pod that should
// be gone long since is on a node that does not answer.
func (r *Reconciler) retire(ctx context.Context, s *scope, objects []client.Object) error {
	accounts := map[string]bool{}
	for _, object := range objects {
		if account, ok := object.(*corev1.ServiceAccount); ok {
			accounts[account.Name] = true
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	pods, err := r.pods(ctx, s.kv.Namespace, nil)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		lost := pod.DeletionTimestamp != nil && suspicious(pod, s.now)
		if accounts[pod.Spec.ServiceAccountName] && !ended && !lost {
			s.waiting = fmt.Sprintf("waiting for pod %s of the former account %s to end", pod.Name, pod.Spec.ServiceAccountName)
			s.at(s.now.Add(glance))
			return errDone
		}
	}
	return nil
}

// managedByUs selects what we have installed. The cache holds nothing else; it is
// said again because what is listed here gets deleted.
var managedByUs = client.MatchingLabels{v1.LabelManagedBy: v1.ManagedByOperator}

// owned lists the objects of a kind that are ours.
func (r *Reconciler) owned(ctx context.Context, k kind) ([]client.Object, schema.GroupKind, error) {
	gvk, err := apiutil.GVKForObject(k.object, r.Client.Scheme())
	if err != nil {
		return nil, schema.GroupKind{}, fmt.Errorf("finding the kind of %T: %w", k.object, err)
	}
	if k.definition != "" {
		if there, _, err := r.available(ctx, k.definition); err != nil || !there {
			return nil, gvk.GroupKind(), err
		}
	}
	list := k.list.DeepCopyObject().(client.ObjectList)
	if err := r.Client.List(ctx, list, managedByUs); err != nil {
		return nil, schema.GroupKind{}, fmt.Errorf("listing objects of kind %s: %w", gvk.Kind, err)
	}
	found, err := k.items(list)
	return found, gvk.GroupKind(), err
}

// definitionsLeft lists our CRDs that exist.
func (r *Reconciler) definitionsLeft(ctx context.Context) ([]apiextensionsv1.CustomResourceDefinition, error) {
	list := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := r.Client.List(ctx, list, managedByUs); err != nil {
		return nil, fmt.Errorf("listing the CRDs: %w", err)
	}
	return list.Items, nil
}
