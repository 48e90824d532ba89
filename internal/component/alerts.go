package component

import "fmt"

// The rules of Prometheus. They rest on what a cluster's Prometheus knows anyway (up,
// kube-state-metrics, cAdvisor) and on what the components count of themselves
// (requests to the API server, leadership).

// watchedOver is a component as its rules name it.
type watchedOver struct {
	// name of the workload; metric and alert are parts of names.
	name, metric, alert string
	// unready, few and burst are the names of alerts of which the pattern is irregular:
	// pods that are not ready, too few of a Deployment for a time, and failing requests.
	unready, few, sparse, burst string
	// leads: one pod does the work, the others wait.
	leads bool
}

var virtController = watchedOver{
	name: Controller, metric: "virt_controller", alert: "VirtController", leads: true,
	unready: "LowReadyVirtControllersCount", few: "LowVirtControllersCount", sparse: "10m", burst: "VirtControllerRESTErrorsBurst",
}

func watchedOvers(c *Config) []watchedOver {
	api := watchedOver{
		name: API, metric: "virt_api", alert: "VirtAPI",
		unready: "LowReadyVirtAPICount", few: "LowVirtAPICount", sparse: "60m", burst: "VirtApiRESTErrorsBurst",
	}
	handler := watchedOver{
		name: Handler, metric: "virt_handler", alert: "VirtHandler",
		unready: "LowReadyVirtHandlerCount", burst: "VirtHandlerRESTErrorsBurst",
	}
	operator := watchedOver{
		name: Operator, metric: "virt_operator", alert: "VirtOperator", leads: true,
		unready: "LowReadyVirtOperatorsCount", few: "LowVirtOperatorCount", sparse: "60m", burst: "VirtOperatorRESTErrorsBurst",
	}
	if c.Edge {
		// virt-controller has no pods there: it is part of virt-api, and all that is watched is that it leads.
		return []watchedOver{api, handler, operator}
	}
	return []watchedOver{api, virtController, handler, operator}
}

// rulesOf returns the recording rules and the alerts of an installation.
func rulesOf(c *Config) (recordings, alerts []map[string]any) {
	r := &rules{namespace: c.Namespace}
	for _, w := range watchedOvers(c) {
		r.component(w)
	}
	if c.Edge {
		r.leading(virtController, r.pods(API))
	}
	r.cluster(c)
	r.memory()
	r.record("kubevirt_virt_operator_leading", "cluster:kubevirt_virt_operator_leading:sum")
	return r.recordings, r.alerts
}

type rules struct {
	namespace          string
	recordings, alerts []map[string]any
}

// record names an expression, and again by each of the older names.
func (r *rules) record(name, expression string, aliases ...string) {
	r.recordings = append(r.recordings, map[string]any{"record": name, "expr": expression})
	for _, alias := range aliases {
		r.recordings = append(r.recordings, map[string]any{"record": alias, "expr": name})
	}
}

// alert tells people of what an expression finds, once it has for some time. impact
// is how much it keeps the installation from its work.
func (r *rules) alert(name, severity, impact, lasting, expression, summary string) {
	labels := map[string]any{
		"severity": severity, "operator_health_impact": impact,
		"kubernetes_operator_part_of": "kubevirt", "kubernetes_operator_component": "kubevirt",
	}
	if impact != "none" {
		labels["namespace"] = r.namespace
	}
	alert := map[string]any{"alert": name, "expr": expression, "labels": labels, "annotations": map[string]any{"summary": summary}}
	if lasting != "" {
		alert["for"] = lasting
	}
	r.alerts = append(r.alerts, alert)
}

// component watches over the pods of one component.
func (r *rules) component(w watchedOver) {
	pods := r.pods(w.name)
	running, ready := "cluster:kubevirt_"+w.metric+"_pods_running:count", "cluster:kubevirt_"+w.metric+"_ready:sum"
	r.record("cluster:kubevirt_"+w.metric+"_up:sum", "sum(up{"+pods+"}) or vector(0)", "kubevirt_"+w.metric+"_up")
	r.record(running, "count(kube_pod_status_phase{"+pods+", phase='Running'} == 1) or vector(0)")
	var former []string
	if w.leads {
		former = []string{"kubevirt_" + w.metric + "_ready"}
	}
	r.record(ready, "sum(kube_pod_status_ready{"+pods+", condition='true'}) or vector(0)", former...)

	r.alert(w.alert+"Down", "critical", "critical", "10m", running+" == 0", "No pod of "+w.name+" runs.")
	r.alert("NoReady"+w.alert, "critical", "critical", "10m", ready+" == 0", "No pod of "+w.name+" is ready.")
	r.alert(w.unready, "warning", "warning", "10m", "0 < "+ready+" < "+running, "Some pods of "+w.name+" run but are not ready.")
	if w.few != "" {
		r.alert(w.few, "warning", "warning", w.sparse,
			fmt.Sprintf("%s / sum(kube_deployment_spec_replicas{namespace='%s', deployment='%s'}) < 0.75", running, r.namespace, w.name),
			"Fewer pods of "+w.name+" run than there should be.")
	} else {
		set := fmt.Sprintf("{namespace='%s', daemonset='%s'}", r.namespace, w.name)
		r.alert("VirtHandlerDaemonSetRolloutFailing", "warning", "warning", "15m",
			"kube_daemonset_status_number_ready"+set+" != kube_daemonset_status_desired_number_scheduled"+set,
			"Some nodes have no ready pod of "+w.name+": guests there cannot be managed.")
	}
	if w.leads {
		r.leading(w, pods)
	}
	requests := func(codes string) string { return "sum(rate(rest_client_requests_total{" + pods + codes + "}[5m]))" }
	r.alert(w.burst, "critical", "critical", "5m", requests(", code=~'(4|5)[0-9][0-9]'")+" / "+requests("")+" >= 0.8",
		"Most requests of "+w.name+" to the API server fail.")
}

// pods selects the pods of one component.
func (r *rules) pods(name string) string {
	return fmt.Sprintf(`namespace='%s', pod=~'%s-.*'`, r.namespace, name)
}

// leading watches that one of the pods does the work of a component.
func (r *rules) leading(w watchedOver, pods string) {
	leading := "cluster:kubevirt_" + w.metric + "_leading:sum"
	r.record(leading, "sum(leader_election_master_status{"+pods+", name='"+w.name+"'}) or vector(0)")
	r.alert("NoLeading"+w.alert, "critical", "critical", "10m", leading+" == 0", "No pod of "+w.name+" leads, so none does its work.")
}

// cluster watches over the nodes and the launcher pods.
func (r *rules) cluster(c *Config) {
	const nodes, kvm = "cluster:kubevirt_nodes_allocatable:count", "cluster:kubevirt_nodes_with_kvm:count"
	r.record("cluster:kubevirt_non_schedulable_nodes:sum", "count(kube_node_role{role='arbiter'}) or vector(0)")
	r.record(nodes, "count(kube_node_info) - cluster:kubevirt_non_schedulable_nodes:sum", "kubevirt_allocatable_nodes")
	r.record(kvm, "count(kube_node_status_allocatable{resource='devices_kubevirt_io_kvm'} > 0) or vector(0)", "kubevirt_nodes_with_kvm")
	impossible := "(" + nodes + " or vector(0)) == 0"
	if !c.UseEmulation {
		impossible += " or " + kvm + " == 0"
		r.alert("LowKVMNodesCount", "warning", "warning", "5m", nodes+" > 1 and "+kvm+" < 2",
			"Fewer than two nodes have hardware virtualization: no guest can be moved to another.")
	}
	r.alert("KubeVirtNoAvailableNodesToRunVMs", "warning", "critical", "5m", impossible, "No node can run a guest.")

	launchers := `pod=~'virt-launcher-.*'`
	r.alert("OrphanedVirtualMachineInstances", "warning", "warning", "10m",
		"(count by (node) (kube_pod_info{"+launchers+"} and on (namespace, pod) kube_pod_status_phase{"+launchers+", phase='Running'} == 1))"+
			" unless on (node) (kube_pod_info{namespace='"+r.namespace+"', pod=~'virt-handler-.*'}"+
			" and on (namespace, pod) kube_pod_status_ready{namespace='"+r.namespace+"', condition='true'} == 1)",
		"Guests run on node {{ $labels.node }}, which has no ready pod of virt-handler.")
	r.alert("VirtLauncherPodsStuckFailed", "critical", "critical", "10m",
		"count(kube_pod_status_phase{"+launchers+", phase='Failed'} == 1) >= 200", "Very many launcher pods have failed.")
	r.alert("OutdatedVirtualMachineInstanceWorkloads", "warning", "none", "24h",
		"sum(kubevirt_vmi_number_of_outdated{namespace='"+r.namespace+"'}) != 0", "Guests run in launchers that are older than the installation.")
}

// memory compares what containers use with what they asked for.
func (r *rules) memory() {
	use := func(metric, containers string) string {
		return "sum by (pod, container, namespace) (" + metric + "{" + containers + "})"
	}
	asked := func(containers string) string {
		return "sum by (pod, container, namespace) (kube_pod_container_resource_requests{" + containers + ", resource='memory'})"
	}
	components := "namespace='" + r.namespace + "', container=~'virt-api|virt-controller|virt-handler|virt-operator'"
	delta := func(metric, reason string) string {
		return "label_replace(" + use(metric, components) + " - " + asked(components) + ", 'reason', '" + reason + "', '', '')"
	}
	r.record("container:kubevirt_memory_delta_from_requested_bytes:max",
		"max by (container, reason) ("+delta("container_memory_working_set_bytes", "memory_working_set_delta_from_request")+
			" or "+delta("container_memory_rss", "memory_rss_delta_from_request")+")",
		"kubevirt_memory_delta_from_requested_bytes")

	const compute = "container='compute', pod=~'virt-launcher-.*'"
	for _, name := range []string{"rss", "working_set"} {
		metric := map[string]string{"rss": "container_memory_rss", "working_set": "container_memory_working_set_bytes"}[name]
		r.record("pod_container:kubevirt_vm_memory_request_margin_based_on_"+name+"_bytes:sum", asked(compute)+" - "+use(metric, compute),
			"kubevirt_vm_container_memory_request_margin_based_on_"+name+"_bytes")
	}
}
