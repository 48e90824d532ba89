package component

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

const (
	nodePolicyName  = "kubevirt-node-restriction-policy"
	nodeBindingName = "kubevirt-node-restriction-binding"
	// nodeClaim is where a pod-bound token names the node of its pod.
	nodeClaim = "authentication.kubernetes.io/node-name"
	// ownKeys are the labels and annotations of nodes that are ours to set.
	ownKeys = `^(([a-z0-9-]+\\.)*kubevirt\\.io/.*|cpumanager)$`
)

// nodePolicy confines virt-handler, which may patch nodes, to its own node and
// there to labels and annotations of ours: one node taken over must not become a
// way to draw guests, or other pods, onto it.
func nodePolicy(c *Config) []Object {
	if !c.RestrictNodes {
		return nil
	}
	handler := fmt.Sprintf("system:serviceaccount:%s:%s", c.Namespace, HandlerAccount)
	rules := &admissionv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{},
		ObjectSelector:    &metav1.LabelSelector{},
		MatchPolicy:       ptr.To(admissionv1.Equivalent),
		ResourceRules: []admissionv1.NamedRuleWithOperations{{
			RuleWithOperations: groupRule("", []string{"*"}, []string{"nodes"}, update),
		}},
	}
	return []Object{
		&admissionv1.ValidatingAdmissionPolicy{
			TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy"},
			ObjectMeta: global(nodePolicyName, Handler),
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				FailurePolicy:    ptr.To(admissionv1.Fail),
				MatchConstraints: rules,
				MatchConditions: []admissionv1.MatchCondition{{
					Name: "virt-handler-only", Expression: fmt.Sprintf("request.userInfo.username == %q", handler),
				}},
				Variables: []admissionv1.Variable{
					{Name: "labels", Expression: "object.metadata.?labels.orValue({})"},
					{Name: "oldLabels", Expression: "oldObject.metadata.?labels.orValue({})"},
					{Name: "annotations", Expression: "object.metadata.?annotations.orValue({})"},
					{Name: "oldAnnotations", Expression: "oldObject.metadata.?annotations.orValue({})"},
				},
				Validations: nodeValidations(),
			},
		},
		&admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicyBinding"},
			ObjectMeta: global(nodeBindingName, Handler),
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName:        nodePolicyName,
				ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			},
		},
	}
}

func nodeValidations() []admissionv1.Validation {
	validation := func(expression, message string) admissionv1.Validation {
		return admissionv1.Validation{Expression: expression, Message: message}
	}
	// kept says that every entry of one map that is not ours stands unchanged in the other.
	kept := func(one, other string) string {
		return fmt.Sprintf(`variables.%[1]s.all(k, k.matches('%[3]s') || (k in variables.%[2]s && variables.%[2]s[k] == variables.%[1]s[k]))`,
			one, other, ownKeys)
	}
	return []admissionv1.Validation{
		validation(fmt.Sprintf(`object.metadata.name in request.userInfo.?extra[?'%s'].orValue([])`, nodeClaim),
			"virt-handler may only change the node it runs on"),
		validation("object.spec == oldObject.spec", "virt-handler may not change the spec of a node"),
		validation(kept("labels", "oldLabels"), "virt-handler may only set kubevirt.io labels of a node"),
		validation(kept("oldLabels", "labels"), "virt-handler may only remove kubevirt.io labels of a node"),
		validation(kept("annotations", "oldAnnotations"), "virt-handler may only set kubevirt.io annotations of a node"),
		validation(kept("oldAnnotations", "annotations"), "virt-handler may only remove kubevirt.io annotations of a node"),
		validation("object.metadata.?finalizers == oldObject.metadata.?finalizers"+
			" && object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences",
			"virt-handler may not change finalizers or owners of a node"),
	}
}
