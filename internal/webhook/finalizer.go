package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// ownFinalizers are those by which our controllers hold an object until its guest
// is gone and its volumes are kept.
var ownFinalizers = []string{v1.FinalizerVMI, v1.FinalizerVMILegacy, v1.FinalizerVM, v1.FinalizerPool}

func isOwn(finalizer string) bool { return slices.Contains(ownFinalizers, finalizer) }

// ownOf returns those of an object's finalizers that are ours.
func ownOf(object metav1.Object) []string {
	return slices.DeleteFunc(slices.Clone(object.GetFinalizers()), func(finalizer string) bool { return !isOwn(finalizer) })
}

// removedFinalizer returns one of ours that an update removes; empty if none.
func removedFinalizer(old, object metav1.Object) string {
	for _, finalizer := range ownOf(old) {
		if !slices.Contains(object.GetFinalizers(), finalizer) {
			return finalizer
		}
	}
	return ""
}

// keepFinalizers undoes what somebody without the right did to our finalizers: an
// object that is replaced by what a file holds comes without any.
func (d Deps) keepFinalizers(ctx context.Context, request admission.Request, resource string, old, object metav1.Object) error {
	kept := ownOf(old)
	if object.GetDeletionTimestamp() != nil || d.account(request.UserInfo) != otherAccount || slices.Equal(kept, ownOf(object)) {
		return nil
	}
	if removedFinalizer(old, object) != "" {
		if may, err := d.mayFinalize(ctx, request, resource); may || err != nil {
			return err
		}
	}
	object.SetFinalizers(append(slices.DeleteFunc(slices.Clone(object.GetFinalizers()), isOwn), kept...))
	return nil
}

// checkFinalizers refuses what keepFinalizers does not undo: somebody who wants an
// object gone before its time should read why it stays.
func (d Deps) checkFinalizers(ctx context.Context, request admission.Request, resource string, old, object metav1.Object) field.ErrorList {
	removed := removedFinalizer(old, object)
	if removed == "" || d.account(request.UserInfo) != otherAccount {
		return nil
	}
	path := field.NewPath("metadata", "finalizers")
	may, err := d.mayFinalize(ctx, request, resource)
	switch {
	case err != nil:
		return field.ErrorList{field.InternalError(path, err)}
	case may:
		return nil
	}
	return field.ErrorList{field.Forbidden(path, fmt.Sprintf("%s goes when the guest has ended; only who may update %s/finalizers can force it",
		removed, resource))}
}

// mayFinalize asks for the right by which Kubernetes lets somebody hold an object. A
// caller that is not the API server could learn by it who has this right, so that
// nothing else is asked, and not often.
func (d Deps) mayFinalize(ctx context.Context, request admission.Request, resource string) (bool, error) {
	if request.Operation != admissionv1.Update {
		return false, nil
	}
	if !d.reviews.TryAccept() {
		return false, errors.New("too many ask at once who may move finalizers: try again")
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: request.UserInfo.Username, UID: request.UserInfo.UID, Groups: request.UserInfo.Groups,
		Extra: map[string]authorizationv1.ExtraValue{},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: request.Namespace, Name: request.Name, Verb: "update",
			Group: v1.GroupName, Resource: resource, Subresource: "finalizers",
		},
	}}
	for key, values := range request.UserInfo.Extra {
		review.Spec.Extra[key] = authorizationv1.ExtraValue(values)
	}
	if err := d.Client.Create(ctx, review); err != nil {
		return false, fmt.Errorf("asking who may move finalizers: %w", err)
	}
	return review.Status.Allowed, nil
}
