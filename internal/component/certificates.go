package component

// Certificate is one that a component presents.
type Certificate struct {
	// Secret holds it, as tls.crt and tls.key.
	Secret string
	// CommonName of its subject.
	CommonName string
	// DNSNames of a server; none for a certificate that only a client shows.
	DNSNames []string
}

// OperatorCertificate is the operator's own. It exists before any KubeVirt object
// does, for the operator serves the webhooks that check the first one.
func OperatorCertificate(namespace string) Certificate {
	return serverCertificate(OperatorSecret, namespace, OperatorWebhookService)
}

// Certificates lists those of an installation's components.
func Certificates(namespace string) []Certificate {
	return []Certificate{
		serverCertificate(APISecret, namespace, APIService),
		serverCertificate(ControllerSecret, namespace, Controller),
		{Secret: HandlerServerSecret, CommonName: HandlerServerName, DNSNames: []string{HandlerServerName}},
		{Secret: HandlerClientSecret, CommonName: APIClientName},
	}
}

// serverCertificate is for a server behind a Service, under the names by which
// the API server and Prometheus call it.
func serverCertificate(secret, namespace, service string) Certificate {
	name := service + "." + namespace + ".svc"
	return Certificate{Secret: secret, CommonName: name, DNSNames: []string{name, MetricsService + "." + namespace + ".svc"}}
}
