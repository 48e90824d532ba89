package clusterconfig

import "testing"

func TestComponentSettings(t *testing.T) {
	standard := read(t, `{}`)
	for name, pair := range map[string][2]any{
		"no level":        {standard.LogVerbosity.API, uint(0)},
		"API rate":        {standard.Requests.API, RequestRate{200, 400}},
		"webhook rate":    {standard.Requests.Webhook, RequestRate{40, 80}},
		"controller rate": {standard.Requests.Controller, RequestRate{200, 400}},
		"handler rate":    {standard.Requests.Handler, RequestRate{50, 100}},
	} {
		if pair[0] != pair[1] {
			t.Errorf("by default: %s: %v, want %v", name, pair[0], pair[1])
		}
	}

	c := read(t, `
spec:
  configuration:
    apiConfiguration: {restClient: {rateLimiter: {tokenBucketRateLimiter: {qps: 1.5, burst: 2}}}}
    webhookConfiguration: {restClient: {rateLimiter: {tokenBucketRateLimiter: {qps: 3, burst: 4}}}}
    controllerConfiguration: {restClient: {rateLimiter: {tokenBucketRateLimiter: {qps: 5, burst: 6}}}}
    handlerConfiguration: {restClient: {rateLimiter: {tokenBucketRateLimiter: {qps: 7, burst: 8}}}}
    tlsConfiguration: {minTLSVersion: VersionTLS12, ciphers: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}
    developerConfiguration:
      logVerbosity: {virtAPI: 1, virtController: 3, virtHandler: 4, virtLauncher: 5, virtOperator: 6, nodeVerbosity: {node01: 7}}
`)
	quiet, quietLauncher := c.LogVerbosity.On("node02")
	loud, loudLauncher := c.LogVerbosity.On("node01")
	for name, pair := range map[string][2]any{
		"API rate":           {c.Requests.API, RequestRate{1.5, 2}},
		"webhook rate":       {c.Requests.Webhook, RequestRate{3, 4}},
		"controller rate":    {c.Requests.Controller, RequestRate{5, 6}},
		"handler rate":       {c.Requests.Handler, RequestRate{7, 8}},
		"a part of a rate":   {c.Requests.Controller.Share(5), RequestRate{1, 1}},
		"a part of a small":  {c.Requests.API.Share(5), RequestRate{0.3, 1}},
		"ciphers":            {c.TLS.Ciphers[0], "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		"API level":          {c.LogVerbosity.API, uint(1)},
		"controller level":   {c.LogVerbosity.Controller, uint(3)},
		"operator level":     {c.LogVerbosity.Operator, uint(6)},
		"handler":            {quiet, uint(4)},
		"launcher":           {quietLauncher, uint(5)},
		"handler on a node":  {loud, uint(7)},
		"launcher on a node": {loudLauncher, uint(7)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}

	// Admission refuses these, but older objects may have them.
	for _, bucket := range []string{"{qps: 0, burst: 5}", "{qps: 5, burst: 0}", "{qps: -1, burst: -1}"} {
		c := read(t, `{spec: {configuration: {handlerConfiguration: {restClient: {rateLimiter: {tokenBucketRateLimiter: `+bucket+`}}}}}}`)
		if got := c.Requests.Handler; got != (RequestRate{50, 100}) {
			t.Errorf("%s: %v, want the default", bucket, got)
		}
	}
}
