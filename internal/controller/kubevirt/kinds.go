package kubevirt

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/component"
)

// kind is one kind of object that installations consist of.
type kind struct {
	object client.Object
	list   client.ObjectList
	// workload kinds have pods, which must be gone before what they use is.
	workload bool
	// keep names objects that carry our label but belong to the operator itself.
	keep []string
	// definition is the name of the CRD of a kind that the cluster may lack.
	definition string
}

// kinds are all of them but the CRDs, in the order in which they are removed.
var kinds = []kind{
	{object: &appsv1.DaemonSet{}, list: &appsv1.DaemonSetList{}, workload: true},
	{object: &policyv1.PodDisruptionBudget{}, list: &policyv1.PodDisruptionBudgetList{}},
	{object: &appsv1.Deployment{}, list: &appsv1.DeploymentList{}, workload: true},
	{
		object: &admissionv1.ValidatingWebhookConfiguration{}, list: &admissionv1.ValidatingWebhookConfigurationList{},
		keep: []string{component.OperatorValidator},
	},
	{object: &admissionv1.MutatingWebhookConfiguration{}, list: &admissionv1.MutatingWebhookConfigurationList{}},
	{object: &apiregistrationv1.APIService{}, list: &apiregistrationv1.APIServiceList{}},
	{object: &corev1.Service{}, list: &corev1.ServiceList{}},
	{
		object: foreignObject(component.ServiceMonitorKind), list: foreignList(component.ServiceMonitorKind),
		definition: component.ServiceMonitorDefinition,
	},
	{
		object: foreignObject(component.PrometheusRuleKind), list: foreignList(component.PrometheusRuleKind),
		definition: component.PrometheusRuleDefinition,
	},
	{object: &rbacv1.ClusterRoleBinding{}, list: &rbacv1.ClusterRoleBindingList{}},
	{object: &rbacv1.ClusterRole{}, list: &rbacv1.ClusterRoleList{}},
	{object: &rbacv1.RoleBinding{}, list: &rbacv1.RoleBindingList{}},
	{object: &rbacv1.Role{}, list: &rbacv1.RoleList{}},
	{object: &corev1.ServiceAccount{}, list: &corev1.ServiceAccountList{}},
	{object: &corev1.Secret{}, list: &corev1.SecretList{}, keep: []string{component.CASecret, component.OperatorSecret}},
	{object: &corev1.ConfigMap{}, list: &corev1.ConfigMapList{}, keep: []string{component.CAConfigMap}},
	{object: &admissionv1.ValidatingAdmissionPolicyBinding{}, list: &admissionv1.ValidatingAdmissionPolicyBindingList{}},
	{object: &admissionv1.ValidatingAdmissionPolicy{}, list: &admissionv1.ValidatingAdmissionPolicyList{}},
}

// watched are the kinds whose changes may give the operator something to do, but for
// namespaces and for those that the cluster may lack.
func watched() []client.Object {
	all := []client.Object{&apiextensionsv1.CustomResourceDefinition{}, &schedulingv1.PriorityClass{}}
	for _, k := range kinds {
		if k.definition == "" {
			all = append(all, k.object)
		}
	}
	return all
}

// items returns what a list holds, without the objects to keep.
func (k kind) items(list client.ObjectList) ([]client.Object, error) {
	var found []client.Object
	err := meta.EachListItem(list, func(item runtime.Object) error {
		object := item.(client.Object)
		for _, name := range k.keep {
			if object.GetName() == name {
				return nil
			}
		}
		found = append(found, object)
		return nil
	})
	return found, err
}

func (k kind) propagation() metav1.DeletionPropagation {
	if k.workload {
		return metav1.DeletePropagationForeground
	}
	return metav1.DeletePropagationBackground
}
