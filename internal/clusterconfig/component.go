package clusterconfig

import v1 "kubevirt.io/kubevirt/api/core/v1"

// LogVerbosity is the verbosity of each component; 0 leaves it at what the process
// began with.
type LogVerbosity struct {
	API, Controller, Handler, Launcher, Operator uint
	// nodes are the nodes with a verbosity of their own.
	nodes map[string]uint
}

// On returns the verbosity of virt-handler and of the launchers on a node.
func (v LogVerbosity) On(node string) (handler, launcher uint) {
	return firstNonZero(v.nodes[node], v.Handler), firstNonZero(v.nodes[node], v.Launcher)
}

func logVerbosity(v *v1.LogVerbosity) LogVerbosity {
	if v == nil {
		return LogVerbosity{}
	}
	return LogVerbosity{
		API: v.VirtAPI, Controller: v.VirtController, Handler: v.VirtHandler, Launcher: v.VirtLauncher, Operator: v.VirtOperator,
		nodes: v.NodeVerbosity,
	}
}

// RequestRate bounds the requests to the API server: so many a second over time, and
// so many at once.
type RequestRate struct {
	QPS   float32
	Burst int
}

// RequestRates are the rates of the components.
type RequestRates struct {
	// API of virt-api, and Webhook of what its webhooks ask.
	API, Webhook RequestRate
	// Controller of virt-controller, and Handler of each virt-handler.
	Controller, Handler RequestRate
}

func requestRates(spec *v1.KubeVirtConfiguration) RequestRates {
	return RequestRates{
		API: requestRate(spec.APIConfiguration, RequestRate{QPS: 200, Burst: 400}),
		// Anybody may set these off.
		Webhook:    requestRate(spec.WebhookConfiguration, RequestRate{QPS: 40, Burst: 80}),
		Controller: requestRate(spec.ControllerConfiguration, RequestRate{QPS: 200, Burst: 400}),
		Handler:    requestRate(spec.HandlerConfiguration, RequestRate{QPS: 50, Burst: 100}),
	}
}

func requestRate(component *v1.ReloadableComponentConfiguration, standard RequestRate) RequestRate {
	if component == nil || component.RestClient == nil || component.RestClient.RateLimiter == nil ||
		component.RestClient.RateLimiter.TokenBucketRateLimiter == nil {
		return standard
	}
	bucket := component.RestClient.RateLimiter.TokenBucketRateLimiter
	if bucket.QPS <= 0 || bucket.Burst <= 0 {
		return standard // or the component could not do anything any more
	}
	return RequestRate{QPS: bucket.QPS, Burst: bucket.Burst}
}

// Share returns a part of a rate: a whole one divided by so many.
func (r RequestRate) Share(of int) RequestRate {
	return RequestRate{QPS: r.QPS / float32(of), Burst: max(1, r.Burst/of)}
}

// TLS says how the components' servers speak TLS; zero values leave it to Go.
type TLS struct {
	MinVersion v1.TLSProtocolVersion
	Ciphers    []string
}
