package controller

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

func TestAnnotationsOfCachedPods(t *testing.T) {
	told := []corev1.Volume{{Name: launcherpod.NetworkInfoVolume}}
	for name, c := range map[string]struct {
		image   string
		volumes []corev1.Volume
		want    []string
	}{
		"as it was to be":      {image: "launcher:1"},
		"of a mirror":          {image: "mirror/launcher:1", want: []string{v1.AnnotationLauncherImage}},
		"that tells a sidecar": {image: "launcher:1", volumes: told, want: []string{v1.AnnotationMultusStatus, v1.AnnotationNetworkInfo}},
		"of a mirror, and tells as well": {
			image: "mirror/launcher:1", volumes: told,
			want: []string{v1.AnnotationLauncherImage, v1.AnnotationMultusStatus, v1.AnnotationNetworkInfo},
		},
	} {
		all := map[string]string{
			v1.AnnotationLauncherImage: "launcher:1", v1.AnnotationMultusStatus: "[]", v1.AnnotationNetworkInfo: "{}", "other": "",
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: maps.Clone(all)}}
		pod.Spec.Volumes = c.volumes
		pod.Spec.Containers = []corev1.Container{{Name: "sidecar", Image: "other"}, {Name: "compute", Image: c.image}}
		if _, err := trimPod(pod); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, key := range c.want {
			want[key] = all[key]
		}
		if !maps.Equal(pod.Annotations, want) {
			t.Errorf("a launcher %s keeps %v, want %v", name, pod.Annotations, want)
		}
	}
}
