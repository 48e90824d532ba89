package explain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func refusalStories() []story {
	// The API server's own words, as the instance repeats them.
	pod := func(name, reason, message, says string) story {
		return story{
			name: name, causes: causes(reason), says: says,
			facts: scene(v1.RunStrategyAlways, instance(v1.VMIPhasePending, time.Minute,
				unsynchronized(v1.ReasonFailedCreate, "creating the launcher pod: "+message))),
		}
	}
	machine := func(name, reason, message, says string) story {
		return story{name: name, causes: causes(reason), says: says, facts: scene(v1.RunStrategyAlways, had, failing(message))}
	}
	quota := pod("quota", v1.CauseQuotaExceeded,
		`pods "virt-launcher-vm-1" is forbidden: exceeded quota: small, requested: requests.memory=300Mi, used: requests.memory=0, limited: requests.memory=100Mi`, "small")
	quota.facts.Quotas = []corev1.ResourceQuota{{ObjectMeta: metav1.ObjectMeta{Name: "small"}, Status: corev1.ResourceQuotaStatus{
		Hard: corev1.ResourceList{corev1.ResourceRequestsMemory: resource.MustParse("100Mi")},
	}}}
	limits := pod("limit range", v1.CauseLimitRangeViolated,
		`pods "virt-launcher-vm-1" is forbidden: [maximum memory usage per Container is 100Mi, but request is 300Mi, maximum cpu usage per Pod is 1.5, but limit is 2]`,
		"maximum memory usage per Container is 100Mi")
	limits.facts.LimitRanges = []corev1.LimitRange{{ObjectMeta: metav1.ObjectMeta{Name: "limits"}}}
	return []story{
		quota, limits,
		pod("quota on what is not set", v1.CauseQuotaExceeded,
			`pods "virt-launcher-vm-1" is forbidden: failed quota: strict: must specify limits.memory for: compute`, "strict"),
		pod("limit range, minimum", v1.CauseLimitRangeViolated,
			`pods "virt-launcher-vm-1" is forbidden: minimum memory usage per Pod is 1Gi, but request is 300Mi`, "minimum"),
		pod("a claim of devices", v1.CausePodRefused, "ResourceClaim card not found, waiting for it", "ResourceClaim card not found"),
		pod("pod security", v1.CausePodSecurityViolated,
			`pods "virt-launcher-vm-1" is forbidden: violates PodSecurity "restricted:latest": unrestricted capabilities (container "compute" ...)`, "restricted:latest"),
		pod("service account", v1.CauseServiceAccountNotFound,
			`pods "virt-launcher-vm-1" is forbidden: error looking up service account ns/builder: serviceaccount "builder" not found`, "builder"),
		pod("priority class", v1.CausePriorityClassNotFound,
			`pods "virt-launcher-vm-1" is forbidden: no PriorityClass with name high was found`, "high"),
		pod("runtime class", v1.CauseRuntimeClassNotFound,
			`pods "virt-launcher-vm-1" is forbidden: pod rejected: RuntimeClass "kata" not found`, "kata"),
		pod("webhook", v1.CauseWebhookRefused, `admission webhook "policy.example.com" denied the request: no image of that registry`,
			"policy.example.com"),
		pod("policy", v1.CauseWebhookRefused,
			`pods "virt-launcher-vm-1" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: no`, "no-latest"),
		pod("webhook does not answer", v1.CauseWebhookUnavailable,
			`Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: connection refused`, "policy.example.com"),
		pod("something else", v1.CausePodRefused, "dedicated CPUs are not supported", "dedicated CPUs"),

		machine("quota on instances", v1.CauseQuotaExceeded,
			`virtualmachineinstances.kubevirt.io "vm" is forbidden: exceeded quota: few, requested: count/virtualmachineinstances.kubevirt.io=1`, "few"),
		machine("stranger", v1.CauseInstanceNameTaken, "a virtual machine instance of that name exists and is not this machine's",
			"somebody else"),
		machine("instance refused", v1.CauseInstanceRefused, "the server is too old", "too old"),
		machine("no CDI", v1.CauseDataVolumesUnavailable,
			"data volume data is needed, and this cluster has no DataVolumes: install the Containerized Data Importer", "no DataVolumes"),
		machine("clone not allowed", v1.CauseCloneUnauthorized,
			"service account ns/default may not clone PersistentVolumeClaim golden/debian: it needs the right to create datavolumes/source", "may not clone"),
		machine("clone of nothing", v1.CauseCloneSourceNotFound, "PersistentVolumeClaim golden/debian does not exist", "golden/debian"),
		machine("data volume of somebody else", v1.CauseDataVolumeRefused,
			"data volume data exists and belongs to VirtualMachine other", "belongs to"),
	}
}
