// openapi-gen reads its markers from a file of this name only.
//
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=io.kubevirt.subresources.v1

package v1
