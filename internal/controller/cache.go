package controller

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/datavolume"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// cacheOptions keeps the caches to what the reconcilers read: launcher pods only,
// and of every object only the fields used.
func cacheOptions(namespace string) cache.Options {
	return cache.Options{
		DefaultTransform: trimOther,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {
				Label:     labels.SelectorFromSet(labels.Set{v1.LabelComponent: v1.LauncherPod}),
				Transform: trimPod,
			},
			&corev1.Node{}:                              {Transform: trimNode},
			&corev1.PersistentVolumeClaim{}:             {Transform: trimClaim},
			&appsv1.ControllerRevision{}:                {Label: poolRevisions()},
			&apiextensionsv1.CustomResourceDefinition{}: datavolume.CacheDefinition(),
			&v1.KubeVirt{}:                              {Namespaces: map[string]cache.Config{namespace: {}}},
		},
	}
}

// poolRevisions selects the revisions of pools; those of machines are read live.
func poolRevisions() labels.Selector {
	exists, err := labels.NewRequirement(v1.LabelPoolRevisionName, selection.Exists, nil)
	if err != nil {
		panic(err) // The label is a constant.
	}
	return labels.NewSelector().Add(*exists)
}

// trimOther drops the record of who wrote what, and whatever else can go of a kind
// that the cluster may not have: it could not be named above.
func trimOther(obj any) (any, error) {
	obj, err := cache.TransformStripManagedFields()(obj)
	if err != nil {
		return nil, err
	}
	return datavolume.Trim(obj)
}

// trimPod drops the parts of a launcher pod that were only for the kubelet. The
// cached object is never written back whole.
func trimPod(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	pod.ManagedFields = nil
	pod.Annotations = podAnnotations(pod)
	spec := corev1.PodSpec{
		NodeName:                      pod.Spec.NodeName,
		TerminationGracePeriodSeconds: pod.Spec.TerminationGracePeriodSeconds,
	}
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			spec.Volumes = append(spec.Volumes, v)
		}
	}
	for _, c := range pod.Spec.Containers {
		spec.Containers = append(spec.Containers, corev1.Container{Name: c.Name, Image: c.Image})
	}
	pod.Spec = spec
	return pod, nil
}

// podAnnotations are those of a launcher pod that somebody reads: of the image it was
// to be of only where it is of another.
func podAnnotations(pod *corev1.Pod) map[string]string {
	kept := networkAnnotations(pod)
	asked := pod.Annotations[v1.AnnotationLauncherImage]
	other := func(c corev1.Container) bool { return c.Name == "compute" && c.Image != asked }
	if asked == "" || !slices.ContainsFunc(pod.Spec.Containers, other) {
		return kept
	}
	if kept == nil {
		kept = map[string]string{}
	}
	kept[v1.AnnotationLauncherImage] = asked
	return kept
}

// networkAnnotations are what the networks of a pod are described from, where a
// sidecar wants to know.
func networkAnnotations(pod *corev1.Pod) map[string]string {
	told := func(v corev1.Volume) bool { return v.Name == launcherpod.NetworkInfoVolume }
	if !slices.ContainsFunc(pod.Spec.Volumes, told) {
		return nil
	}
	return map[string]string{
		v1.AnnotationMultusStatus: pod.Annotations[v1.AnnotationMultusStatus],
		v1.AnnotationNetworkInfo:  pod.Annotations[v1.AnnotationNetworkInfo],
	}
}

// trimNode keeps a node's labels and annotations.
func trimNode(obj any) (any, error) {
	node, ok := obj.(*corev1.Node)
	if !ok {
		return obj, nil
	}
	node.ManagedFields = nil
	node.Spec = corev1.NodeSpec{}
	node.Status = corev1.NodeStatus{}
	return node, nil
}

// trimClaim keeps what a claim asks for and how far it has come.
func trimClaim(obj any) (any, error) {
	claim, ok := obj.(*corev1.PersistentVolumeClaim)
	if !ok {
		return obj, nil
	}
	claim.ManagedFields = nil
	claim.Annotations = datavolume.ClaimAnnotations(claim)
	claim.Labels = nil
	claim.Spec.Selector = nil
	claim.Status = corev1.PersistentVolumeClaimStatus{Phase: claim.Status.Phase, Capacity: claim.Status.Capacity}
	return claim, nil
}
