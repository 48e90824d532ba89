package apiserver

import (
	"testing"

	"github.com/go-logr/logr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/ratelimit"
)

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
