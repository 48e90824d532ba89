package component

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Kinds of the Prometheus operator, which a cluster may lack.
var (
	ServiceMonitorKind = monitoringGroup.WithKind("ServiceMonitor")
	PrometheusRuleKind = monitoringGroup.WithKind("PrometheusRule")

	monitoringGroup = schema.GroupVersion{Group: "monitoring.coreos.com", Version: "v1"}
)

// Names of the CRDs of those kinds.
const (
	ServiceMonitorDefinition = "servicemonitors.monitoring.coreos.com"
	PrometheusRuleDefinition = "prometheusrules.monitoring.coreos.com"
)

const (
	// monitoringName is that of the ServiceMonitor and of the rules.
	monitoringName = "prometheus-kubevirt-rules"
	// monitoringRole lets Prometheus find the components' pods.
	monitoringRole = "kubevirt-monitoring"
	// defaultMonitorAccount is the one Prometheus usually runs as.
	defaultMonitorAccount = "prometheus-k8s"
)

// Prometheus is the cluster's, which is to watch over an installation.
type Prometheus struct {
	// Namespace it runs in and Account it runs as.
	Namespace, Account string
	// MonitorNamespace is where it looks for ServiceMonitors.
	MonitorNamespace string
	// HasRules tells whether it can be given rules as objects.
	HasRules bool
}

// FindPrometheus says where Prometheus is, of the places that a KubeVirt object or
// custom name, as far as those namespaces exist; nil if it is nowhere.
func FindPrometheus(kv *v1.KubeVirt, exists func(namespace string) (bool, error)) (*Prometheus, error) {
	places := []string{"openshift-monitoring", "monitoring"}
	if kv.Spec.MonitorNamespace != "" {
		places = []string{kv.Spec.MonitorNamespace}
	}
	for _, place := range places {
		found, err := exists(place)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		p := &Prometheus{Namespace: place, Account: defaultMonitorAccount, MonitorNamespace: place}
		if kv.Spec.MonitorAccount != "" {
			p.Account = kv.Spec.MonitorAccount
		}
		if other := kv.Spec.ServiceMonitorNamespace; other != "" {
			p.MonitorNamespace = other
			if found, err = exists(other); err != nil || !found {
				return nil, err
			}
		}
		return p, nil
	}
	return nil, nil
}

// monitoring has Prometheus read every component's metrics and tell people what
// they should look at. Rules alone would take what nobody reads for broken.
func monitoring(c *Config) []Object {
	if c.Prometheus == nil {
		return nil
	}
	list := append(monitoringRights(c), serviceMonitor(c))
	if c.Prometheus.HasRules {
		list = append(list, prometheusRule(c))
	}
	return list
}

// monitoringRights let Prometheus find what it is to read.
func monitoringRights(c *Config) []Object {
	p := c.Prometheus
	if p == nil {
		p = &Prometheus{}
	}
	return []Object{
		role(named(c, monitoringRole, ""), []rbacv1.PolicyRule{
			rule("", on("services", "endpoints", "pods"), look()),
			// Where Prometheus is told to look at these instead.
			rule("discovery.k8s.io", on("endpointslices"), look()),
		}),
		roleBinding(named(c, monitoringRole, ""), monitoringRole, account(p.Namespace, p.Account)),
	}
}

func serviceMonitor(c *Config) Object {
	meta := monitoringMeta(c)
	meta.Namespace = c.Prometheus.MonitorNamespace
	meta.Labels["openshift.io/cluster-monitoring"] = ""
	return monitoringObject(ServiceMonitorKind, meta, map[string]any{
		"selector":          map[string]any{"matchLabels": map[string]any{v1.LabelPrometheus: "true"}},
		"namespaceSelector": map[string]any{"matchNames": []any{c.Namespace}},
		"endpoints": []any{map[string]any{
			"port": metricsPortName, "scheme": "https", "honorLabels": true,
			// Our authorities are not to be had in Prometheus's namespace. It sends no
			// secret, and shows what it reads to nobody who could not read it there.
			"tlsConfig": map[string]any{"insecureSkipVerify": true},
		}},
	})
}

func prometheusRule(c *Config) Object {
	group := func(name string, rules []map[string]any) any {
		list := make([]any, len(rules))
		for i := range rules {
			list[i] = rules[i]
		}
		return map[string]any{"name": name, "rules": list}
	}
	recordings, alerts := rulesOf(c)
	return monitoringObject(PrometheusRuleKind, monitoringMeta(c), map[string]any{
		"groups": []any{group("recordingRules.rules", recordings), group("alerts.rules", alerts)},
	})
}

func monitoringMeta(c *Config) metav1.ObjectMeta {
	meta := named(c, monitoringName, "")
	meta.Labels[v1.LabelPrometheus] = "true"
	meta.Labels["k8s-app"] = "kubevirt"
	return meta
}

// monitoringObject makes an object of a kind whose Go types belong to others.
func monitoringObject(kind schema.GroupVersionKind, meta metav1.ObjectMeta, spec map[string]any) Object {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	object.SetGroupVersionKind(kind)
	object.SetName(meta.Name)
	object.SetNamespace(meta.Namespace)
	object.SetLabels(meta.Labels)
	return object
}
