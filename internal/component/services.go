package component

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/utils/ptr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Names of the Services.
const (
	// APIService is in front of virt-api.
	APIService = "virt-api"
	// OperatorWebhookService is in front of virt-operator's webhooks.
	OperatorWebhookService = "kubevirt-operator-webhook"
	// MetricsService selects everything that Prometheus is to scrape.
	MetricsService = "kubevirt-prometheus-metrics"
)

// SubresourceGroup is the API group that virt-api serves itself.
const SubresourceGroup = "subresources.kubevirt.io"

func services(c *Config) []Object {
	metrics := service(named(c, MetricsService, ""), map[string]string{v1.LabelPrometheus: "true"},
		corev1.ServicePort{Name: metricsPortName, Port: 443, TargetPort: intstr.FromString(metricsPortName)})
	metrics.Labels[v1.LabelPrometheus] = "true"
	return []Object{
		service(named(c, APIService, API), map[string]string{v1.LabelComponent: API},
			corev1.ServicePort{Port: 443, TargetPort: intstr.FromInt32(ServingPort)}),
		metrics,
	}
}

func service(meta metav1.ObjectMeta, selector map[string]string, port corev1.ServicePort) *corev1.Service {
	port.Protocol = corev1.ProtocolTCP
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: meta,
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: selector, Ports: []corev1.ServicePort{port}},
	}
}

// aggregation registers virt-api as the server of the subresource group.
func aggregation(c *Config) []Object {
	var list []Object
	for _, version := range []string{"v1", "v1alpha3"} {
		meta := global(version+"."+SubresourceGroup, API)
		meta.Annotations = map[string]string{v1.AnnotationCertificateSecret: APISecret}
		list = append(list, &apiregistrationv1.APIService{
			TypeMeta:   metav1.TypeMeta{APIVersion: "apiregistration.k8s.io/v1", Kind: "APIService"},
			ObjectMeta: meta,
			Spec: apiregistrationv1.APIServiceSpec{
				Group:                SubresourceGroup,
				Version:              version,
				GroupPriorityMinimum: 1000,
				VersionPriority:      15,
				CABundle:             c.CABundle,
				Service: &apiregistrationv1.ServiceReference{
					Namespace: c.Namespace, Name: APIService, Port: ptr.To[int32](443),
				},
			},
		})
	}
	return list
}
