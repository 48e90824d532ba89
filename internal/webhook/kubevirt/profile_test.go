package kubevirt

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func profiled(value, spec string) *v1.KubeVirt {
	kv := named("kubevirt", "kubevirt", spec)
	kv.Annotations = map[string]string{v1.AnnotationProfile: value}
	return kv
}

func TestProfile(t *testing.T) {
	for name, test := range map[string]struct {
		kv      *v1.KubeVirt
		refused []string
	}{
		"none":              {named("kubevirt", "kubevirt", `{"infra":{"replicas":3}}`), nil},
		"edge":              {profiled("edge", `{}`), nil},
		"unknown":           {profiled("tiny", `{}`), []string{"metadata.annotations[kubevirt.io/profile]", `"tiny"`, `"edge"`}},
		"empty":             {profiled("", `{}`), []string{"metadata.annotations[kubevirt.io/profile]"}},
		"edge, one":         {profiled("edge", `{"infra":{"replicas":1}}`), nil},
		"edge, more":        {profiled("edge", `{"infra":{"replicas":2}}`), []string{"spec.infra.replicas", "kubevirt.io/profile"}},
		"edge, none at all": {profiled("edge", `{"infra":{"replicas":0}}`), []string{"spec.infra.replicas"}},
	} {
		t.Run(name, func(t *testing.T) {
			errs := Validate(test.kv)
			if len(test.refused) == 0 && len(errs) > 0 || len(test.refused) > 0 && len(errs) != 1 {
				t.Fatalf("refused by %v", errs)
			}
			for _, part := range test.refused {
				if !strings.Contains(errs[0].Error(), part) {
					t.Errorf("%q does not say %s", errs[0], part)
				}
			}
		})
	}
}

// The profile is an annotation: an update that changes nothing else is checked too.
func TestUpdateOfTheProfile(t *testing.T) {
	w, plain, bad := Webhooks{Namespace: "kubevirt"}, named("kubevirt", "kubevirt", `{}`), profiled("tiny", `{}`)
	expect(t, "to an unknown profile", w.Update(t.Context(), request(t, bad, plain)), "metadata.annotations[kubevirt.io/profile]")
	expect(t, "to the edge profile", w.Update(t.Context(), request(t, profiled("edge", `{}`), plain)), "")
	expect(t, "back", w.Update(t.Context(), request(t, plain, profiled("edge", `{}`))), "")
	expect(t, "of something else", w.Update(t.Context(), request(t, bad, bad)), "")
}
