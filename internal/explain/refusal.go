package explain

import (
	"fmt"
	"regexp"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// refusal is one way in which the API server refuses an object, told by its words.
// The first group of the pattern is named in the message.
type refusal struct {
	pattern         *regexp.Regexp
	reason          string
	message, remedy string
}

// refusals are tried in order.
var refusals = []refusal{
	{
		regexp.MustCompile(`admission webhook "([^"]+)" denied the request`), v1.CauseWebhookRefused,
		"Admission webhook %s refused it.", "Change the machine as the webhook asks, or ask whoever runs the webhook.",
	},
	{
		regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)'.* denied request`), v1.CauseWebhookRefused,
		"Admission policy %s refused it.", "Change the machine as the policy asks, or ask whoever made the policy.",
	},
	{
		regexp.MustCompile(`failed calling webhook "([^"]+)"`), v1.CauseWebhookUnavailable,
		"Admission webhook %s did not answer.", "Have the webhook's service repaired; nothing is let through while it does not answer.",
	},
	{
		regexp.MustCompile(`exceeded quota: ([^,]+)`), v1.CauseQuotaExceeded,
		"Resource quota %s has no room for it.", "Stop what is not needed in the namespace, ask for less, or have the quota " +
			"raised: kubectl describe quota -n %s.",
	},
	{
		regexp.MustCompile(`failed quota: ([^:]+)`), v1.CauseQuotaExceeded,
		"Resource quota %s counts what the launcher pod does not set.",
		"Set the requests and limits that the quota counts in spec.template.spec.domain.resources, or a LimitRange with " +
			"defaults: kubectl describe quota -n %s.",
	},
	{
		regexp.MustCompile(`violates PodSecurity "([^"]+)"`), v1.CausePodSecurityViolated,
		"The namespace's pod security level %s does not allow the launcher pod.",
		"Have the namespace's level changed: kubectl label namespace %s pod-security.kubernetes.io/enforce=baseline " +
			"--overwrite (or privileged), if its administrator agrees.",
	},
	{
		regexp.MustCompile(`((?:maximum|minimum) [a-z0-9./-]+ usage per [A-Za-z]+ is [0-9A-Za-z.]*[0-9A-Za-z]` +
			`|[a-z0-9./-]+ max limit to request ratio per [A-Za-z]+ is [0-9.]*[0-9])`),
		v1.CauseLimitRangeViolated, "A limit range of the namespace does not allow it: %s.",
		"Change the machine's memory and CPU to what is allowed: kubectl describe limitrange -n %s.",
	},
	{
		regexp.MustCompile(`error looking up service account [^/ ]+/([^: ]+):`), v1.CauseServiceAccountNotFound,
		"Service account %s does not exist.", "Create it, or correct spec.template.spec.serviceAccountName.",
	},
	{
		regexp.MustCompile(`no PriorityClass with name (\S+) was found`), v1.CausePriorityClassNotFound,
		"Priority class %s does not exist.", "Correct spec.template.spec.priorityClassName: kubectl get priorityclasses lists " +
			"what there is.",
	},
	{
		regexp.MustCompile(`RuntimeClass "?([^" ]+)"? not found`), v1.CauseRuntimeClassNotFound,
		"Runtime class %s does not exist.", "Have it made, or spec.configuration.defaultRuntimeClass of the KubeVirt object corrected.",
	},
}

// refused tells why the machine's instance or its launcher pod could not be made.
func refused(v *view) []cause {
	if c := v.untrue(v1.ConditionSynchronized); c != nil && c.Reason == v1.ReasonFailedCreate && v.pod == nil {
		evidence := v.vmiCondition(c)
		if known := v.refusalFor(c.Message, evidence); known != nil {
			return []cause{*known}
		}
		return []cause{notRunning(v1.CausePodRefused, "The launcher pod cannot be made: "+sentence(c.Message),
			"Change what the message names.", evidence)}
	}
	c := v.VM.Condition(v1.ConditionFailure)
	if c == nil || c.Reason != v1.ReasonFailedCreate || v.live() {
		return nil
	}
	evidence := conditionSays(v1.KindVirtualMachine, v.VM.Name, c)
	if found := dataVolumeRefused(v, c); found != nil {
		return found
	}
	if strings.Contains(c.Message, "exists and is not this machine's") {
		return []cause{notRunning(v1.CauseInstanceNameTaken, "An instance of the machine's name exists that belongs to somebody else.",
			fmt.Sprintf("Delete it if it is not needed: kubectl delete vmi %s -n %s; or give the machine another name.", v.VM.Name,
				v.VM.Namespace),
			evidence)}
	}
	if known := v.refusalFor(c.Message, evidence); known != nil {
		return []cause{*known}
	}
	if strings.HasPrefix(c.Message, "data volume ") {
		return []cause{notRunning(v1.CauseDataVolumeRefused, "A data volume cannot be made: "+sentence(c.Message),
			"Change what the message names.", evidence)}
	}
	return []cause{notRunning(v1.CauseInstanceRefused, "The machine's instance cannot be made: "+sentence(c.Message),
		"Change what the message names.", evidence)}
}

// refusalFor recognizes the API server's words; nil if they are not known.
func (v *view) refusalFor(message string, evidence *subresourcesv1.Evidence) *cause {
	for _, r := range refusals {
		match := r.pattern.FindStringSubmatch(message)
		if match == nil {
			continue
		}
		remedy := r.remedy
		if strings.Contains(remedy, "%s") {
			remedy = fmt.Sprintf(remedy, v.VM.Namespace)
		}
		known := notRunning(r.reason, fmt.Sprintf(r.message, match[1]), remedy, evidence)
		known.Evidence = append(known.Evidence, v.limits(r.reason, match[1])...)
		return &known
	}
	return nil
}

// limits shows what the namespace sets: the quota as it is by now, or its limit ranges.
func (v *view) limits(reason, name string) []subresourcesv1.Evidence {
	var list []subresourcesv1.Evidence
	switch reason {
	case v1.CauseQuotaExceeded:
		for i := range v.Quotas {
			if quota := &v.Quotas[i]; quota.Name == name {
				for resource, hard := range quota.Status.Hard {
					used := quota.Status.Used[resource]
					list = append(list, *seen("ResourceQuota", name, "status.used["+string(resource)+"]", used.String()+" of "+hard.String()))
				}
			}
		}
	case v1.CauseLimitRangeViolated:
		for i := range v.LimitRanges {
			list = append(list, *seen("LimitRange", v.LimitRanges[i].Name, "spec.limits", "in force in the namespace"))
		}
	}
	sortEvidence(list)
	return list
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	return strings.TrimSuffix(strings.TrimSpace(text), ".") + "."
}
