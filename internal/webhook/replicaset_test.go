package webhook

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubevirt.io/kubevirt/test/builder"
)

func TestReplicaSet(t *testing.T) {
	const path = "/virtualmachinereplicaset-validate"
	good := builder.ReplicaSet("ns", "set", 3, builder.Label("app", "x"))
	if response := ask(t, path, user, good, nil); !response.Allowed {
		t.Errorf("refused: %v", response.Result)
	}
	wrong := good.DeepCopy()
	wrong.Spec.Selector.MatchLabels["app"] = "y"
	for _, old := range []any{nil, good} {
		if response := ask(t, path, user, wrong, old); response.Allowed || !strings.Contains(response.Result.Message, "spec.template.metadata.labels") {
			t.Errorf("old %v: allowed %v, %v", old, response.Allowed, response.Result)
		}
	}
	labelled := wrong.DeepCopy()
	labelled.Labels = map[string]string{"new": "label"}
	if response := ask(t, path, user, labelled, wrong); !response.Allowed {
		t.Errorf("a spec that is there already: %v", response.Result)
	}
	labelled.Spec.Paused = true
	labelled.DeletionTimestamp = &metav1.Time{Time: metav1.Now().Time}
	if response := ask(t, path, user, labelled, wrong); !response.Allowed {
		t.Errorf("a set that is being deleted: %v", response.Result)
	}
}
