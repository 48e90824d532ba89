package apiserver

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubevirt.io/kubevirt/internal/unsupported"
)

// reasonNotImplemented is the reason of a refusal for want of the feature;
// Kubernetes has no constant for it.
const reasonNotImplemented metav1.StatusReason = "NotImplemented"

// notImplemented refuses what this version leaves out.
func notImplemented(feature unsupported.Feature) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotImplemented,
		Reason: reasonNotImplemented, Message: unsupported.Sentence(feature),
	}}
}
