package validate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var schemes = []corev1.URIScheme{"", corev1.URISchemeHTTP, corev1.URISchemeHTTPS}

// probes applies the rules of pods: the kubelet does the probing.
func probes(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	onPodNetwork := slices.ContainsFunc(spec.Networks, func(n v1.Network) bool { return n.Pod != nil })
	liveness, readiness := path.Child("livenessProbe"), path.Child("readinessProbe")
	errs := append(probe(liveness, spec.LivenessProbe, onPodNetwork), probe(readiness, spec.ReadinessProbe, onPodNetwork)...)
	if p := spec.LivenessProbe; p != nil && p.SuccessThreshold > 1 {
		errs = append(errs, field.Invalid(liveness.Child("successThreshold"), p.SuccessThreshold, "must be 1: one success shows that the guest lives"))
	}
	return errs
}

func probe(path *field.Path, probe *v1.Probe, onPodNetwork bool) field.ErrorList {
	if probe == nil {
		return nil
	}
	errs := exactlyOne(path, map[string]bool{
		"exec": probe.Exec != nil, "guestAgentPing": probe.GuestAgentPing != nil,
		"httpGet": probe.HTTPGet != nil, "tcpSocket": probe.TCPSocket != nil,
	})
	if probe.HTTPGet != nil {
		at := path.Child("httpGet")
		errs = append(errs, networkProbe(at, probe.HTTPGet.Port, onPodNetwork)...)
		errs = append(errs, oneOf(at.Child("scheme"), probe.HTTPGet.Scheme, schemes)...)
		for i, header := range probe.HTTPGet.HTTPHeaders {
			for _, msg := range validation.IsHTTPHeaderName(header.Name) {
				errs = append(errs, field.Invalid(at.Child("httpHeaders").Index(i).Child("name"), header.Name, msg))
			}
		}
	}
	if probe.TCPSocket != nil {
		errs = append(errs, networkProbe(path.Child("tcpSocket"), probe.TCPSocket.Port, onPodNetwork)...)
	}
	return errs
}

func networkProbe(path *field.Path, port intstr.IntOrString, onPodNetwork bool) field.ErrorList {
	var errs field.ErrorList
	if !onPodNetwork {
		errs = append(errs, field.Forbidden(path, "the guest has no interface on the pod network, where it would be asked"))
	}
	messages := validation.IsValidPortNum(port.IntValue())
	if port.Type == intstr.String {
		messages = validation.IsValidPortName(port.StrVal)
	}
	for _, msg := range messages {
		errs = append(errs, field.Invalid(path.Child("port"), port.String(), msg))
	}
	return errs
}
