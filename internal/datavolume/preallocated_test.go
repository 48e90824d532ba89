package datavolume

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPreallocated(t *testing.T) {
	for name, tc := range map[string]struct {
		annotations, kept map[string]string
		want              bool
	}{
		"nothing said":      {map[string]string{"a": "true"}, nil, false},
		"preallocated":      {map[string]string{"cdi.kubevirt.io/storage.preallocation": "true", "a": "b"}, map[string]string{"cdi.kubevirt.io/storage.preallocation": "true"}, true},
		"not preallocated":  {map[string]string{"cdi.kubevirt.io/storage.preallocation": "false"}, map[string]string{"cdi.kubevirt.io/storage.preallocation": "false"}, false},
		"thick provisioned": {map[string]string{"user.custom.annotation/storage.thick-provisioned": "true"}, map[string]string{"user.custom.annotation/storage.thick-provisioned": "true"}, true},
	} {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Annotations: tc.annotations}}
		if got := Preallocated(claim); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
		if kept := ClaimAnnotations(claim); !maps.Equal(kept, tc.kept) {
			t.Errorf("%s: kept %v", name, kept)
		}
	}
}
