package launcherpod

// naming gives the pod the guest's name and its way to find others.
func naming(r *render) error {
	spec, pod := &r.vmi.Spec, &r.pod.Spec
	pod.Hostname = hostname(r.vmi)
	pod.Subdomain = spec.Subdomain
	pod.DNSPolicy = spec.DNSPolicy
	pod.DNSConfig = spec.DNSConfig
	pod.ServiceAccountName = spec.ServiceAccountName
	pod.ImagePullSecrets = append(pod.ImagePullSecrets, r.cfg.ImagePullSecrets...)
	return nil
}
