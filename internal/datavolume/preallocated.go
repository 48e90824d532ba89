package datavolume

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// What claims say of themselves, under whatever domain.
const (
	preallocated     = "/storage.preallocation"
	thickProvisioned = "/storage.thick-provisioned"
)

// Preallocated tells whether a claim's image, or its storage, took all its space from
// the start: who filled the claim says so.
func Preallocated(claim *corev1.PersistentVolumeClaim) bool {
	for name, value := range claim.Annotations {
		if saysPreallocated(name) && value == "true" {
			return true
		}
	}
	return false
}

func saysPreallocated(annotation string) bool {
	return strings.HasSuffix(annotation, preallocated) || strings.HasSuffix(annotation, thickProvisioned)
}

// ClaimAnnotations are those of a claim that Preallocated reads; nil for none.
func ClaimAnnotations(claim *corev1.PersistentVolumeClaim) map[string]string {
	var kept map[string]string
	for name, value := range claim.Annotations {
		if saysPreallocated(name) {
			if kept == nil {
				kept = map[string]string{}
			}
			kept[name] = value
		}
	}
	return kept
}
