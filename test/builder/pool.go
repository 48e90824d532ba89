package builder

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// Pool makes a pool of so many machines, each VM's with the same options and with
// the labels and annotations of its instance, by which the pool knows them.
func Pool(namespace, name string, replicas int32, strategy v1.VirtualMachineRunStrategy, options ...Option) *poolv1beta1.VirtualMachinePool {
	vm := VM(namespace, name, strategy, options...)
	template := vm.Spec.Template.Metadata
	return &poolv1beta1.VirtualMachinePool{
		TypeMeta:   metav1.TypeMeta{APIVersion: poolv1beta1.GroupVersion.String(), Kind: poolv1beta1.KindVirtualMachinePool},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: poolv1beta1.VirtualMachinePoolSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: maps.Clone(template.Labels)},
			VirtualMachineTemplate: &poolv1beta1.VirtualMachineTemplateSpec{
				Metadata: metav1.ObjectMeta{Labels: maps.Clone(template.Labels), Annotations: maps.Clone(template.Annotations)},
				Spec:     vm.Spec,
			},
		},
	}
}
