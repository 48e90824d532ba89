package explain

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// verdict is one reason of the scheduler's and on how many nodes it holds.
type verdict struct {
	nodes int
	words string
}

// onNodes begins a verdict: "2 Insufficient memory".
var onNodes = regexp.MustCompile(`^(\d+) (.+)$`)

// verdicts takes the scheduler's message apart: "0/3 nodes are available: 1
// Insufficient cpu, 2 node(s) were unschedulable. preemption: ...". What preemption
// could not do is no reason of its own.
func verdicts(message string) (total int, list []verdict) {
	count, rest, found := strings.Cut(message, " nodes are available: ")
	if !found {
		return 0, []verdict{{words: message}}
	}
	if _, all, ok := strings.Cut(count, "/"); ok {
		total, _ = strconv.Atoi(all)
	}
	for _, end := range []string{" preemption: ", " no new claims to deallocate"} {
		rest, _, _ = strings.Cut(rest, end)
	}
	for _, part := range strings.Split(strings.TrimSuffix(rest, "."), ", ") {
		if match := onNodes.FindStringSubmatch(part); match != nil {
			nodes, _ := strconv.Atoi(match[1])
			list = append(list, verdict{nodes, match[2]})
		} else if part != "" {
			list = append(list, verdict{total, part})
		}
	}
	return total, list
}

// obstacle is what one of the scheduler's reasons means. An empty reason is left to
// another area.
type obstacle struct {
	phrases         []string
	reason          string
	message, remedy string
}

// schedulerWords are tried in order; %s says on how many nodes.
var schedulerWords = []obstacle{
	{phrases: []string{"unbound immediate PersistentVolumeClaims", "waiting for ephemeral volume controller"}},
	{
		[]string{"were unschedulable"}, v1.CauseNodesCordoned, "%s closed for new pods.",
		"Open a node again: kubectl uncordon NODE.",
	},
	{
		[]string{"untolerated taint", "taints that the pod didn't tolerate"}, v1.CauseTaintUntolerated,
		"%s kept free by a taint that the machine does not tolerate.",
		"Add the toleration to spec.template.spec.tolerations, or take the taint away: kubectl describe node NODE shows it.",
	},
	{
		[]string{"pod affinity rules", "anti-affinity rules", "topology spread constraints"}, v1.CausePodAffinityUnmatched,
		"%s ruled out by the affinity, anti-affinity or spread between pods.",
		"Relax spec.template.spec.affinity or topologySpreadConstraints, or add nodes.",
	},
	{
		[]string{"ReadWriteOncePod"}, v1.CauseClaimInUse, "Another pod uses a claim of the machine that only one pod may use " +
			"(ReadWriteOncePod)", "",
	},
	{
		[]string{"is being deleted"}, v1.CauseClaimTerminating, "A claim of the machine is being deleted.",
		"Wait until it is gone, and make it anew, or use another claim.",
	},
	{
		[]string{"non-existent persistentvolume",
			"non-existent pv"}, v1.CauseClaimLost, "The persistent volume behind a claim of the machine is gone.",
		"Restore the data into a new claim from a backup or a snapshot.",
	},
	{
		[]string{"PersistentVolume's node affinity", "volume node affinity conflict",
			"available volume zone"}, v1.CauseVolumeNodeConflict,
		"%s out of reach of a volume of the machine.",
		"Let the machine run where its volume is: spec.template.spec.nodeSelector and affinity must allow a node of the " +
			"volume, which kubectl get pv -o yaml shows.",
	},
	{
		[]string{"available persistent volumes to bind", "enough free storage"}, v1.CauseProvisioningFailed,
		"%s without room for a volume of the machine.", "Make room in the storage, or a persistent volume that fits the claim.",
	},
	{
		[]string{"exceed max volume count", "Too many pods", "free ports"}, v1.CauseInsufficientResource,
		"%s full: too many pods, volumes or ports.", "Stop what is not needed, or add nodes.",
	},
	{
		[]string{"no nodes available to schedule pods", "0/0 nodes"}, v1.CauseNoNodes, "The cluster has no nodes.", "Add nodes.",
	},
}

// scheduling tells why no node takes the launcher pod.
func scheduling(v *view) []cause {
	message, evidence := v.unschedulable()
	if evidence == nil {
		return nil
	}
	total, list := verdicts(message)
	var found []cause
	for _, it := range list {
		switch {
		case strings.HasPrefix(it.words, "Insufficient "):
			found = append(found, v.insufficient(it, total, evidence))
		case containsAny(it.words, "node affinity/selector", "scheduler-enforced node affinity"):
			found = append(found, v.unmatched(it, total, len(list) > 1, evidence)...)
		default:
			found = append(found, v.obstacleFor(it, total, evidence)...)
		}
	}
	return found
}

// unschedulable returns what the scheduler says of the launcher pod, as the pod or the
// instance tells it; nil evidence when it does not complain.
func (v *view) unschedulable() (string, *subresourcesv1.Evidence) {
	if v.VMI == nil || v.VMI.IsFinal() {
		return "", nil
	}
	if v.pod == nil {
		if c := v.untrue(v1.ConditionPodScheduled); c != nil && c.Reason == v1.ReasonUnschedulable {
			return c.Message, v.vmiCondition(c)
		}
		return "", nil
	}
	c := podCondition(v.pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
		return "", nil
	}
	return c.Message, podConditionSays(v.pod, c)
}

func (v *view) obstacleFor(it verdict, total int, evidence *subresourcesv1.Evidence) []cause {
	for _, known := range schedulerWords {
		if !containsAny(it.words, known.phrases...) {
			continue
		}
		message := known.message
		if strings.Contains(message, "%") {
			message = fmt.Sprintf(message, areOf(it.nodes, total))
		}
		switch known.reason {
		case "":
			return nil
		case v1.CauseClaimInUse:
			return []cause{v.inUse(message, evidence)}
		}
		return []cause{notRunning(known.reason, message, known.remedy, evidence)}
	}
	return []cause{notRunning(v1.CauseUnschedulable, "The scheduler finds no node: "+sentence(it.words),
		"Change what the message names.", evidence)}
}

// nodesOf says how many nodes of all; which of them is nobody's business but the cluster's.
func nodesOf(nodes, total int) string {
	if total == 0 {
		return fmt.Sprintf("%d nodes", nodes)
	}
	if nodes == 1 && total == 1 {
		return "The only node"
	}
	return fmt.Sprintf("%d of %d nodes", nodes, total)
}

// insufficient tells of a resource of which too little is free.
func (v *view) insufficient(it verdict, total int, evidence *subresourcesv1.Evidence) cause {
	name := corev1.ResourceName(strings.TrimPrefix(it.words, "Insufficient "))
	asks, never := "", false
	if v.pod != nil {
		if request := podRequest(v.pod, name); !request.IsZero() {
			asks = ", which requests " + request.String()
			never = v.Nodes != nil && !v.anyNodeHas(name, request)
		}
	}
	few := fmt.Sprintf("%s too little %%s free for the launcher pod%s.", hasOf(it.nodes, total), asks)
	remedy := "Stop what is not needed, or add nodes."
	if never {
		remedy = "No node of the cluster has as much in all: ask for less, or add a larger node."
	}
	switch {
	case name == corev1.ResourceMemory:
		return notRunning(v1.CauseInsufficientMemory, fmt.Sprintf(few, "memory"),
			remedy+" The machine's memory is spec.template.spec.domain.memory.guest.", evidence)
	case name == corev1.ResourceCPU:
		return notRunning(v1.CauseInsufficientCPU, fmt.Sprintf(few, "CPU time"),
			remedy+" The machine's CPUs are spec.template.spec.domain.cpu.", evidence)
	case strings.Contains(string(name), "/"):
		return v.deviceUnavailable(it, total, name, never, evidence)
	}
	return notRunning(v1.CauseInsufficientResource, fmt.Sprintf(few, string(name)), remedy, evidence)
}

func (v *view) deviceUnavailable(it verdict, total int, name corev1.ResourceName, never bool,
	evidence *subresourcesv1.Evidence) cause {
	message := fmt.Sprintf("%s no device %s free.", hasOf(it.nodes, total), name)
	remedy := "Stop a machine that has one, or add nodes with such devices."
	switch {
	case never && name == "devices.kubevirt.io/kvm":
		message = "No node offers the device " + string(name) + ", which hardware virtualization needs."
		remedy = "See that the nodes have /dev/kvm, and virt-handler runs on them; without it, set " +
			"spec.configuration.developerConfiguration.useEmulation of the KubeVirt object."
	case never:
		message = "No node offers the device " + string(name) + "."
		remedy = "Permit it in spec.configuration.permittedHostDevices of the KubeVirt object, and see that a node has it."
	}
	return notRunning(v1.CauseDeviceUnavailable, message, remedy, evidence)
}

func areOf(nodes, total int) string {
	if nodes == 1 {
		return nodesOf(nodes, total) + " is"
	}
	return nodesOf(nodes, total) + " are"
}

func hasOf(nodes, total int) string {
	if nodes == 1 {
		return nodesOf(nodes, total) + " has"
	}
	return nodesOf(nodes, total) + " have"
}
