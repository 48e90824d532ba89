package apiserver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/ratelimit"
)

// /healthz tells of a configuration only once the process runs by it.
func TestHealthTellsWhatIsInEffect(t *testing.T) {
	kv := &v1.KubeVirt{}
	kv.ResourceVersion = "4711"
	config := clusterconfig.New(kv)
	settings := newSettings(logr.Discard())
	s := &server{config: func() *clusterconfig.Config { return config }, inEffect: settings.current.Load}
	for _, want := range []string{"", "4711"} {
		answer := httptest.NewRecorder()
		s.health(answer, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if got := strings.TrimSpace(answer.Body.String()); got != `{"config-resource-version":"`+want+`"}` {
			t.Errorf("answers %s, want %q", got, want)
		}
		settings.follow(config)
	}
}

func TestRatesFollow(t *testing.T) {
	limited := func(qps float32, burst int) *v1.ReloadableComponentConfiguration {
		return &v1.ReloadableComponentConfiguration{RestClient: &v1.RESTClientConfiguration{RateLimiter: &v1.RateLimiter{
			TokenBucketRateLimiter: &v1.TokenBucketRateLimiter{QPS: qps, Burst: burst},
		}}}
	}
	kv := &v1.KubeVirt{}
	kv.Spec.Configuration.APIConfiguration = limited(50, 60)
	kv.Spec.Configuration.WebhookConfiguration = limited(7, 8)
	s := newSettings(logr.Discard())
	for _, step := range []struct {
		kv                        *v1.KubeVirt
		live, admitting, surveyor float32
	}{{nil, 200, 40, 40}, {kv, 50, 7, 10}, {&v1.KubeVirt{}, 200, 40, 40}} {
		if step.kv != nil {
			s.follow(clusterconfig.New(step.kv))
		}
		for name, pair := range map[string]struct {
			limiter *ratelimit.Limiter
			want    float32
		}{"live": {s.live, step.live}, "admitting": {s.admitting, step.admitting}, "surveyor": {s.surveyor, step.surveyor}} {
			if got := pair.limiter.QPS(); got != pair.want {
				t.Errorf("%s: %v requests a second, want %v", name, got, pair.want)
			}
		}
	}
}
