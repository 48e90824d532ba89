package webhook

import (
	"context"
	"fmt"
	"slices"

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

// movedFinalizers returns those of ours that an update adds or removes.
func movedFinalizers(old, object metav1.Object) []string {
	var moved []string
	for _, finalizer := range ownFinalizers {
		if slices.Contains(old.GetFinalizers(), finalizer) != slices.Contains(object.GetFinalizers(), finalizer) {
			moved = append(moved, finalizer)
		}
	}
	return moved
}

// keepFinalizers undoes what somebody without the right did to our finalizers: an
// object that is replaced by what a file holds comes without any.
func (d Deps) keepFinalizers(ctx context.Context, request admission.Request, old, object metav1.Object) error {
	if object.GetDeletionTimestamp() != nil || len(movedFinalizers(old, object)) == 0 {
		return nil
	}
	if may, err := d.mayFinalize(ctx, request); may || err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(object.GetFinalizers()), isOwn)
	for _, finalizer := range old.GetFinalizers() {
		if isOwn(finalizer) {
			kept = append(kept, finalizer)
		}
	}
	object.SetFinalizers(kept)
	return nil
}

// checkFinalizers refuses what keepFinalizers does not undo: somebody who wants an
// object gone before its time should read why it stays.
func (d Deps) checkFinalizers(ctx context.Context, request admission.Request, old, object metav1.Object) field.ErrorList {
	moved := movedFinalizers(old, object)
	if len(moved) == 0 {
		return nil
	}
	path := field.NewPath("metadata", "finalizers")
	may, err := d.mayFinalize(ctx, request)
	switch {
	case err != nil:
		return field.ErrorList{field.InternalError(path, err)}
	case may:
		return nil
	}
	return field.ErrorList{field.Forbidden(path, fmt.Sprintf("%s goes when the guest has ended; only who may update %s/finalizers can force it",
		moved[0], request.Resource.Resource))}
}

// mayFinalize asks for the right by which Kubernetes lets somebody hold an object.
func (d Deps) mayFinalize(ctx context.Context, request admission.Request) (bool, error) {
	if d.account(request.UserInfo) != otherAccount {
		return true, nil
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: request.UserInfo.Username, UID: request.UserInfo.UID, Groups: request.UserInfo.Groups,
		Extra: map[string]authorizationv1.ExtraValue{},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: request.Namespace, Name: request.Name, Verb: "update",
			Group: request.Resource.Group, Resource: request.Resource.Resource, Subresource: "finalizers",
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
