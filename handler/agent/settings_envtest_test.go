//go:build envtest

package agent

import (
	"context"
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/test/envtest"
)

// TestSettingsFollow changes the KubeVirt object below a running process.
func TestSettingsFollow(t *testing.T) {
	const address = "127.0.0.1:18446"
	o := Options{Namespace: envtest.Namespace, NodeName: testNode, MetricsAddress: address, CertDir: t.TempDir(), Log: logging.New(componentName, 0)}
	settings := newSettings(o)
	ctx, cancel := context.WithCancel(t.Context())
	mgr, _, err := newManager(ctx, cluster.As(component.HandlerAccount, testNode, nil), o, settings)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: envtest.Namespace, Name: "kubevirt"}}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("running the manager: %v", err)
		}
		if err := cluster.Client.Delete(context.Background(), kv); err != nil {
			t.Error(err)
		}
	})
	if err := cluster.Client.Create(ctx, kv); err != nil {
		t.Fatal(err)
	}
	oldest := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
	}}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		answer, err := oldest.Get("https://" + address + "/healthz")
		if err == nil {
			_ = answer.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it does not serve: %v", err)
		}
	}
	for _, step := range []struct {
		configuration string
		verbosity     int
		qps           float32
		serves        bool
	}{
		{`{}`, 0, 50, true},
		{`{
			"handlerConfiguration": {"restClient": {"rateLimiter": {"tokenBucketRateLimiter": {"qps": 33, "burst": 44}}}},
			"developerConfiguration": {"logVerbosity": {"virtHandler": 4}}, "tlsConfiguration": {"minTLSVersion": "VersionTLS13"}
		}`, 4, 33, false},
		{`{"developerConfiguration": {"logVerbosity": {"nodeVerbosity": {"` + testNode + `": 6, "another": 1}}}}`, 6, 33, false},
		{`null`, 0, 50, true},
	} {
		change := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"configuration":`+step.configuration+`}}`))
		if err := cluster.Client.Patch(ctx, kv, change); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); settings.current.Load().ResourceVersion != kv.ResourceVersion; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s never comes into effect", step.configuration)
			}
		}
		if log := mgr.GetLogger(); !log.V(step.verbosity).Enabled() || log.V(step.verbosity+1).Enabled() {
			t.Errorf("%s: lines of V(%d) %t, of V(%d) %t", step.configuration, step.verbosity, log.V(step.verbosity).Enabled(),
				step.verbosity+1, log.V(step.verbosity+1).Enabled())
		}
		if qps := mgr.GetConfig().RateLimiter.QPS(); qps != step.qps {
			t.Errorf("%s: %v requests a second, want %v", step.configuration, qps, step.qps)
		}
		answer, err := oldest.Get("https://" + address + "/healthz")
		if err == nil {
			_ = answer.Body.Close()
		}
		if (err == nil) != step.serves {
			t.Errorf("%s: a client of TLS 1.2 is served: %v, want %t", step.configuration, err, step.serves)
		}
	}
}
