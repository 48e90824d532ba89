package component

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// AnnotationHash records on an object what it was made from, so that a field which
// a later version of the operator no longer sets is noticed and given up.
const AnnotationHash = "kubevirt.io/applied-hash"

// AnnotationTemplate on the pods of a workload is a hash of the template that they
// were made from, so that pods of the wanted version are told from former ones.
const AnnotationTemplate = "kubevirt.io/template-hash"

// named is the metadata of a namespaced object of a component.
func named(c *Config, name, component string) metav1.ObjectMeta {
	meta := global(name, component)
	meta.Namespace = c.Namespace
	return meta
}

// global is the metadata of a cluster-wide object of a component.
func global(name, component string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: map[string]string{v1.LabelComponent: component}}
}

// OwnLabels are the labels by which every object of the installation is found again.
func (c *Config) OwnLabels() map[string]string {
	labels := map[string]string{
		v1.LabelManagedBy:    v1.ManagedByOperator,
		v1.LabelAppComponent: c.ProductComponent,
		v1.LabelAppVersion:   c.ProductVersion,
	}
	if c.ProductName != "" {
		labels[v1.LabelAppPartOf] = c.ProductName
	}
	return labels
}

// stamp completes an object's metadata: whose it is, what it was installed from,
// and a hash of all of it.
func stamp(c *Config, object Object) error {
	if object.GetObjectKind().GroupVersionKind().Empty() {
		return fmt.Errorf("object %s has no kind", object.GetName())
	}
	labels := maps.Clone(object.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, c.OwnLabels())
	object.SetLabels(labels)

	annotations := maps.Clone(object.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1.AnnotationInstallStrategyVersion] = c.Version
	annotations[v1.AnnotationInstallStrategyRegistry] = c.Registry
	annotations[v1.AnnotationInstallStrategyIdentifier] = c.DeploymentID()
	// Not on what no patch reaches: with every patch, all CRDs would be sent again.
	custom := len(c.Customizations.Patches) > 0 || c.Customizations.Flags != nil
	if custom && slices.Contains(customizable, object.GetObjectKind().GroupVersionKind().Kind) {
		annotations[v1.AnnotationCustomizerIdentifier] = digest(c.Customizations)
	}
	switch workload := object.(type) {
	case *appsv1.Deployment:
		stampTemplate(&workload.Spec.Template)
	case *appsv1.DaemonSet:
		stampTemplate(&workload.Spec.Template)
	}
	delete(annotations, AnnotationHash)
	object.SetAnnotations(annotations)
	annotations[AnnotationHash] = digest(object)
	object.SetAnnotations(annotations)
	return nil
}

func stampTemplate(template *corev1.PodTemplateSpec) {
	delete(template.Annotations, AnnotationTemplate)
	hash := digest(template)
	template.Annotations = maps.Clone(template.Annotations)
	if template.Annotations == nil {
		template.Annotations = map[string]string{}
	}
	template.Annotations[AnnotationTemplate] = hash
}
