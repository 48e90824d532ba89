package component

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// Names of the webhook configurations.
const (
	APIValidator      = "virt-api-validator"
	APIMutator        = "virt-api-mutator"
	OperatorValidator = "virt-operator-validator"
)

// Paths of virt-api's webhooks.
const (
	PathMutateVMs         = "/virtualmachines-mutate"
	PathValidateVMs       = "/virtualmachines-validate"
	PathMutateVMIs        = "/virtualmachineinstances-mutate"
	PathValidateNewVMIs   = "/virtualmachineinstances-validate-create"
	PathValidateVMIUpdate = "/virtualmachineinstances-validate-update"
	PathValidateSets      = "/virtualmachinereplicaset-validate"
	PathValidatePools     = "/virtualmachinepool-validate"
	PathValidateStatus    = "/status-validate"
	PathValidateEviction  = "/pod-eviction-validate"
	PathUnsupportedKinds  = "/unsupported-kinds-validate"
)

// Paths of virt-operator's webhooks.
const (
	PathValidateNewKubeVirt    = "/kubevirt-validate-create"
	PathValidateKubeVirtUpdate = "/kubevirt-validate-update"
	PathValidateKubeVirtDelete = "/kubevirt-validate-delete"
)

// unsupported are the resources of the API, by group, that nothing here acts upon:
// creating one is refused with a sentence instead of being ignored.
var unsupported = []struct {
	group     string
	resources []string
}{
	{"kubevirt.io", []string{"virtualmachineinstancemigrations", "virtualmachineinstancepresets"}},
	{"snapshot.kubevirt.io", []string{"virtualmachinesnapshots", "virtualmachinesnapshotcontents", "virtualmachinerestores"}},
	{"instancetype.kubevirt.io", []string{
		"virtualmachineinstancetypes", "virtualmachineclusterinstancetypes", "virtualmachinepreferences", "virtualmachineclusterpreferences",
	}},
	{"clone.kubevirt.io", []string{"virtualmachineclones"}},
	{"export.kubevirt.io", []string{"virtualmachineexports"}},
	{"backup.kubevirt.io", []string{"virtualmachinebackups", "virtualmachinebackuptrackers"}},
	{"migrations.kubevirt.io", []string{"migrationpolicies"}},
	{"plugin.kubevirt.io", []string{"plugins"}},
}

const (
	create = admissionv1.Create
	update = admissionv1.Update
)

// coreRule matches a resource of kubevirt.io in every version it is served in.
func coreRule(resource string, operations ...admissionv1.OperationType) admissionv1.RuleWithOperations {
	return groupRule("kubevirt.io", []string{"v1alpha3", "v1"}, []string{resource}, operations...)
}

func groupRule(group string, versions, resources []string, operations ...admissionv1.OperationType) admissionv1.RuleWithOperations {
	return admissionv1.RuleWithOperations{
		Operations: operations,
		Rule: admissionv1.Rule{
			APIGroups: []string{group}, APIVersions: versions, Resources: resources, Scope: ptr.To(admissionv1.AllScopes),
		},
	}
}

// validating is one validating webhook, closed while its server is away.
func validating(c *Config, name, service, path string, rules ...admissionv1.RuleWithOperations) admissionv1.ValidatingWebhook {
	return admissionv1.ValidatingWebhook{
		Name:                    name,
		ClientConfig:            clientConfig(c, service, path),
		Rules:                   rules,
		FailurePolicy:           ptr.To(admissionv1.Fail),
		MatchPolicy:             ptr.To(admissionv1.Equivalent),
		SideEffects:             ptr.To(admissionv1.SideEffectClassNone),
		TimeoutSeconds:          ptr.To[int32](10),
		AdmissionReviewVersions: []string{"v1"},
	}
}

// exempting has the API server not ask a webhook about what accounts of ours write:
// no write of theirs is to wait for it.
func exempting(c *Config, accounts []string, webhook admissionv1.ValidatingWebhook) admissionv1.ValidatingWebhook {
	for _, name := range accounts {
		webhook.MatchConditions = append(webhook.MatchConditions, admissionv1.MatchCondition{
			Name: "not-" + name, Expression: fmt.Sprintf("request.userInfo.username != %q", "system:serviceaccount:"+c.Namespace+":"+name),
		})
	}
	return webhook
}

// eviction has virt-api asked about the eviction of launcher pods. No other pod's is
// to depend on virt-api: the API server tells them apart by their name.
func eviction(c *Config) admissionv1.ValidatingWebhook {
	webhook := validating(c, "virt-launcher-eviction-interceptor.kubevirt.io", APIService, PathValidateEviction,
		groupRule("", []string{"v1"}, []string{"pods/eviction"}, admissionv1.OperationAll))
	webhook.SideEffects = ptr.To(admissionv1.SideEffectClassNoneOnDryRun)
	webhook.MatchConditions = []admissionv1.MatchCondition{{Name: "only-vms", Expression: `request.name.startsWith("virt-launcher-")`}}
	return webhook
}

func mutating(c *Config, name, path string, rules ...admissionv1.RuleWithOperations) admissionv1.MutatingWebhook {
	same := validating(c, name, APIService, path, rules...)
	return admissionv1.MutatingWebhook{
		Name: same.Name, ClientConfig: same.ClientConfig, Rules: same.Rules, FailurePolicy: same.FailurePolicy,
		MatchPolicy: same.MatchPolicy, SideEffects: same.SideEffects, TimeoutSeconds: same.TimeoutSeconds,
		AdmissionReviewVersions: same.AdmissionReviewVersions, ReinvocationPolicy: ptr.To(admissionv1.NeverReinvocationPolicy),
	}
}

func clientConfig(c *Config, service, path string) admissionv1.WebhookClientConfig {
	return admissionv1.WebhookClientConfig{
		CABundle: c.CABundle,
		Service: &admissionv1.ServiceReference{
			Namespace: c.Namespace, Name: service, Path: &path, Port: ptr.To[int32](443),
		},
	}
}

// admission registers virt-api's webhooks.
func admission(c *Config) []Object {
	meta := func(name string) metav1.ObjectMeta {
		m := global(name, API)
		m.Annotations = map[string]string{v1.AnnotationCertificateSecret: APISecret}
		return m
	}
	var unsupportedRules []admissionv1.RuleWithOperations
	for _, kind := range unsupported {
		unsupportedRules = append(unsupportedRules, groupRule(kind.group, []string{"*"}, kind.resources, create))
	}
	return []Object{
		&admissionv1.MutatingWebhookConfiguration{
			TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "MutatingWebhookConfiguration"},
			ObjectMeta: meta(APIMutator),
			Webhooks: []admissionv1.MutatingWebhook{
				mutating(c, "virtualmachines-mutator.kubevirt.io", PathMutateVMs, coreRule(v1.ResourceVirtualMachines, create, update)),
				mutating(c, "virtualmachineinstances-mutator.kubevirt.io", PathMutateVMIs, coreRule(v1.ResourceVirtualMachineInstances, create, update)),
			},
		},
		&admissionv1.ValidatingWebhookConfiguration{
			TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingWebhookConfiguration"},
			ObjectMeta: meta(APIValidator),
			Webhooks: []admissionv1.ValidatingWebhook{
				validating(c, "virtualmachine-validator.kubevirt.io", APIService, PathValidateVMs,
					coreRule(v1.ResourceVirtualMachines, create, update)),
				validating(c, "virtualmachineinstances-create-validator.kubevirt.io", APIService, PathValidateNewVMIs,
					coreRule(v1.ResourceVirtualMachineInstances, create)),
				validating(c, "virtualmachineinstances-update-validator.kubevirt.io", APIService, PathValidateVMIUpdate,
					coreRule(v1.ResourceVirtualMachineInstances, update)),
				validating(c, "virtualmachinereplicaset-validator.kubevirt.io", APIService, PathValidateSets,
					coreRule(v1.ResourceVirtualMachineInstanceReplicaSets, create, update)),
				validating(c, "virtualmachinepool-validator.kubevirt.io", APIService, PathValidatePools,
					groupRule(poolv1beta1.GroupName, []string{poolv1beta1.Version}, []string{poolv1beta1.ResourceVirtualMachinePools}, create, update)),
				exempting(c, []string{ControllerAccount, APIAccount, ControlPlaneAccount}, validating(c, "status-validator.kubevirt.io", APIService,
					PathValidateStatus,
					coreRule(v1.ResourceVirtualMachines+"/status", create, update),
					coreRule(v1.ResourceVirtualMachineInstanceReplicaSets+"/status", create, update))),
				eviction(c),
				validating(c, "unsupported-kinds-validator.kubevirt.io", APIService, PathUnsupportedKinds, unsupportedRules...),
			},
		},
	}
}

// OperatorAdmission registers virt-operator's own webhooks. They belong to the
// operator, not to a KubeVirt object: the first one is to be checked as well. With
// the owner, the KubeVirt kind's CRD, they go.
func OperatorAdmission(c *Config, owner metav1.OwnerReference) (Object, error) {
	rule := func(operation admissionv1.OperationType) admissionv1.RuleWithOperations {
		return coreRule(v1.ResourceKubeVirts, operation)
	}
	configuration := &admissionv1.ValidatingWebhookConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{
			Name:            OperatorValidator,
			Labels:          map[string]string{v1.LabelOperator: "", v1.LabelComponent: Operator},
			Annotations:     map[string]string{v1.AnnotationCertificateSecret: OperatorSecret},
			OwnerReferences: []metav1.OwnerReference{owner},
		},
		Webhooks: []admissionv1.ValidatingWebhook{
			validating(c, "kubevirt-validator.kubevirt.io", OperatorWebhookService, PathValidateKubeVirtDelete, rule(admissionv1.Delete)),
			validating(c, "kubevirt-update-validator.kubevirt.io", OperatorWebhookService, PathValidateKubeVirtUpdate, rule(update)),
			validating(c, "kubevirt-create-validator.kubevirt.io", OperatorWebhookService, PathValidateNewKubeVirt, rule(create)),
		},
	}
	return configuration, stamp(c, configuration)
}
