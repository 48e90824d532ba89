package launcherpod

import (
	"errors"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// launchDelay, in seconds, is added to a probe's initial delay: the API counts it
// from the guest's start, the kubelet from the launcher's.
const launchDelay = 10

// probes lets the kubelet ask the guest how it is. It asks at the pod's address,
// which is the guest's to the outside.
func probes(r *render) error {
	var err error
	if r.compute.LivenessProbe, err = probe(r.vmi.Spec.LivenessProbe); err != nil {
		return err
	}
	r.compute.ReadinessProbe, err = probe(r.vmi.Spec.ReadinessProbe)
	return err
}

func probe(spec *v1.Probe) (*corev1.Probe, error) {
	if spec == nil {
		return nil, nil
	}
	if spec.HTTPGet == nil && spec.TCPSocket == nil {
		return nil, errors.New("only the probes httpGet and tcpSocket are supported")
	}
	return &corev1.Probe{
		ProbeHandler:        corev1.ProbeHandler{HTTPGet: spec.HTTPGet, TCPSocket: spec.TCPSocket},
		InitialDelaySeconds: spec.InitialDelaySeconds + launchDelay,
		TimeoutSeconds:      spec.TimeoutSeconds,
		PeriodSeconds:       spec.PeriodSeconds,
		SuccessThreshold:    spec.SuccessThreshold,
		FailureThreshold:    spec.FailureThreshold,
	}, nil
}
