//go:build envtest

package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/webhook/kubevirt"
	"kubevirt.io/kubevirt/test/envtest"
)

// Where components run is checked by the API server, which keeps nothing of it.
func TestPlacementOfComponents(t *testing.T) {
	hooks := kubevirt.Webhooks{Namespace: envtest.Namespace, Live: cluster.Client, Trial: cluster.Client}
	for spec, refused := range map[string]string{
		`{}`: "",
		`{infra: {nodePlacement: {nodeSelector: {zone: a}, tolerations: [{key: a, operator: Exists}]}}}`: "",
		`{infra: {nodePlacement: {nodeSelector: {"no label": a}}}}`:                                      "spec.infra.nodePlacement.nodeSelector",
		`{infra: {nodePlacement: {tolerations: [{key: a, operator: Exists, value: b}]}}}`:                "spec.infra.nodePlacement.tolerations[0]",
		`{workloads: {nodePlacement: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
			{nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Near}]}]}}}}}}`: "spec.workloads.nodePlacement.affinity.nodeAffinity",
	} {
		kv := &v1.KubeVirt{}
		if err := yaml.UnmarshalStrict([]byte(spec), &kv.Spec); err != nil {
			t.Fatalf("reading %s: %v", spec, err)
		}
		raw, err := json.Marshal(kv)
		if err != nil {
			t.Fatal(err)
		}
		answer := hooks.Update(t.Context(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
			Object: runtime.RawExtension{Raw: raw}, OldObject: runtime.RawExtension{Raw: []byte(`{}`)},
		}})
		if answer.Allowed != (refused == "") || !answer.Allowed && !strings.Contains(answer.Result.Message, refused) {
			t.Errorf("%s: %+v, want a word on %q", spec, answer.AdmissionResponse, refused)
		}
	}
	left := &appsv1.DeploymentList{}
	if err := cluster.Client.List(t.Context(), left, client.InNamespace(envtest.Namespace)); err != nil || len(left.Items) > 0 {
		t.Errorf("%d Deployments are left (%v)", len(left.Items), err)
	}
}
