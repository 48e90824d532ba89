package vmi

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Kinds of Kubernetes' dynamic resource allocation, and their API.
const (
	kindResourceClaim         = "ResourceClaim"
	kindResourceClaimTemplate = "ResourceClaimTemplate"
)

var resourceAPI = schema.GroupVersion{Group: "resource.k8s.io", Version: "v1"}

// findResourceClaims looks at the claims of devices that a launcher pod to be made
// names, and says which is missing: of a pod with one that does not exist the
// scheduler says nothing at all.
func (r *Reconciler) findResourceClaims(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !s.vmi.IsUnprocessed() || !s.vmi.DeletionTimestamp.IsZero() || s.pod != nil || s.failure != nil {
		return ctrl.Result{}, nil
	}
	for i := range s.vmi.Spec.ResourceClaims {
		kind, name := resourceClaimOf(&s.vmi.Spec.ResourceClaims[i])
		found := &metav1.PartialObjectMetadata{}
		found.SetGroupVersionKind(resourceAPI.WithKind(kind))
		err := r.Live.Get(ctx, client.ObjectKey{Namespace: s.vmi.Namespace, Name: name}, found)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			s.networkMissing = true
			r.fail(s, resourceClaimNotFound(kind, name, meta.IsNoMatchError(err)))
			return ctrl.Result{RequeueAfter: definitionWait}, nil
		}
		if err != nil {
			return ctrl.Result{}, fmt.Errorf("reading %s %s: %w", kind, name, err)
		}
	}
	return ctrl.Result{}, nil
}

// resourceClaimOf is what one of an instance's claims refers to.
func resourceClaimOf(claim *v1.VirtualMachineInstanceResourceClaim) (kind, name string) {
	if claim.ResourceClaimTemplateName != nil {
		return kindResourceClaimTemplate, *claim.ResourceClaimTemplateName
	}
	return kindResourceClaim, ptr.Deref(claim.ResourceClaimName, "")
}
