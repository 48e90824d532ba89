//go:build envtest

package apiserver

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/envtest"
)

// followsConfiguration changes the KubeVirt object below the running virt-api.
func followsConfiguration(t *testing.T, direct address) {
	ctx := t.Context()
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: envtest.Namespace, Name: "kubevirt"}}
	if err := kube.Client.Create(ctx, kv); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kube.Client.Delete(context.Background(), kv) })
	trusted := direct.client.Transport.(*http.Transport).TLSClientConfig
	old := trusted.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	oldest := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: old}}
	for _, step := range []struct {
		configuration string
		verbosity     int
		serves        bool
	}{
		{`{}`, 0, true},
		{`{"developerConfiguration": {"logVerbosity": {"virtAPI": 4}}, "tlsConfiguration": {"minTLSVersion": "VersionTLS13"}}`, 4, false},
		{`null`, 0, true},
	} {
		change := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"configuration":`+step.configuration+`}}`))
		if err := kube.Client.Patch(ctx, kv, change); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); healthOf(t, direct) != kv.ResourceVersion; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s never comes into effect", step.configuration)
			}
		}
		// What is in effect is known a moment before it is.
		time.Sleep(100 * time.Millisecond)
		if !direct.log.V(step.verbosity).Enabled() || direct.log.V(step.verbosity+1).Enabled() {
			t.Errorf("%s: lines of V(%d) %t, of V(%d) %t", step.configuration, step.verbosity, direct.log.V(step.verbosity).Enabled(),
				step.verbosity+1, direct.log.V(step.verbosity+1).Enabled())
		}
		answer, err := oldest.Get(direct.url + "/healthz")
		if err == nil {
			_ = answer.Body.Close()
		}
		if (err == nil) != step.serves {
			t.Errorf("%s: a client of TLS 1.2 is served: %v, want %t", step.configuration, err, step.serves)
		}
	}
}

// healthOf is the version of the configuration that virt-api says is in effect.
func healthOf(t *testing.T, direct address) string {
	t.Helper()
	answer, err := direct.client.Get(direct.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body map[string]string
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body["config-resource-version"]
}
