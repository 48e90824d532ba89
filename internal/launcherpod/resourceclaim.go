package launcherpod

import corev1 "k8s.io/api/core/v1"

// resourceClaims has the pod take the claims of devices that the instance names, and
// the launcher's container of each the requests that networks use.
func resourceClaims(r *render) error {
	for _, claim := range r.vmi.Spec.ResourceClaims {
		r.pod.Spec.ResourceClaims = append(r.pod.Spec.ResourceClaims, corev1.PodResourceClaim{
			Name: claim.Name, ResourceClaimName: claim.ResourceClaimName, ResourceClaimTemplateName: claim.ResourceClaimTemplateName,
		})
	}
	for i := range r.vmi.Spec.Networks {
		if used := r.vmi.Spec.Networks[i].ResourceClaim; used != nil {
			r.compute.Resources.Claims = append(r.compute.Resources.Claims, corev1.ResourceClaim{
				Name: used.ClaimName, Request: used.RequestName,
			})
		}
	}
	return nil
}
