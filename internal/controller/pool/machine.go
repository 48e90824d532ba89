package pool

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// render makes the machine of a number from a content, marked and its instances
// with the revision's name.
func render(c *content, revision string, index int) *v1.VirtualMachine {
	template := c.Template.DeepCopy()
	vm := &v1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Labels: marked(template.Metadata.Labels, revision), Annotations: template.Metadata.Annotations},
		Spec:       template.Spec,
	}
	if vm.Spec.Template != nil {
		vm.Spec.Template.Metadata.Labels = marked(vm.Spec.Template.Metadata.Labels, revision)
	}
	number(&vm.Spec, index, c.NameGeneration)
	return vm
}

func marked(labels map[string]string, revision string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1.LabelPoolRevisionName] = revision
	return labels
}

func newMachine(pool *poolv1beta1.VirtualMachinePool, revision string, index int) *v1.VirtualMachine {
	vm := render(contentOf(&pool.Spec), revision, index)
	vm.Namespace, vm.Name = pool.Namespace, machineName(pool.Name, index)
	vm.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(pool, poolv1beta1.VirtualMachinePoolGroupVersionKind)}
	return vm
}
