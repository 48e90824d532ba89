package kubevirt

import (
	"context"
	"errors"
	"testing"

	"github.com/operator-framework/operator-lib/conditions"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

func TestUnderWay(t *testing.T) {
	reasons := func(progressing bool, reason string) []v1.Condition {
		status := corev1.ConditionFalse
		if progressing {
			status = corev1.ConditionTrue
		}
		return []v1.Condition{
			{Type: v1.ConditionProgressing, Status: status, Reason: reason, Message: "m"},
			{Type: v1.ConditionDegraded, Status: status, Reason: reason, Message: "m"},
		}
	}
	for name, test := range map[string]struct {
		status v1.KubeVirtStatus
		want   string
	}{
		"not begun": {v1.KubeVirtStatus{}, ""},
		"first installation": {v1.KubeVirtStatus{
			TargetDeploymentID: "a", Conditions: reasons(true, v1.ReasonDeploymentInProgress)}, v1.ReasonDeploymentInProgress},
		"installed": {v1.KubeVirtStatus{
			TargetDeploymentID: "a", ObservedDeploymentID: "a", Conditions: reasons(false, v1.ReasonAllComponentsReady)}, ""},
		"another version asked for": {v1.KubeVirtStatus{
			TargetDeploymentID: "b", ObservedDeploymentID: "a", Conditions: reasons(false, v1.ReasonAllComponentsReady)}, v1.ReasonUpdateInProgress},
		"updating": {v1.KubeVirtStatus{
			TargetDeploymentID: "b", ObservedDeploymentID: "a", Conditions: reasons(true, v1.ReasonUpdateInProgress)}, v1.ReasonUpdateInProgress},
		"halted": {v1.KubeVirtStatus{
			TargetDeploymentID: "b", ObservedDeploymentID: "a", Conditions: reasons(false, v1.ReasonUpdateHalted)}, v1.ReasonUpdateHalted},
		"halted within a version": {v1.KubeVirtStatus{
			TargetDeploymentID: "a", ObservedDeploymentID: "a", Conditions: reasons(false, v1.ReasonUpdateHalted)}, v1.ReasonUpdateHalted},
		"refused specification": {v1.KubeVirtStatus{
			TargetDeploymentID: "a", ObservedDeploymentID: "a", Conditions: reasons(false, v1.ReasonDeploymentFailed)}, ""},
		"being removed": {v1.KubeVirtStatus{
			TargetDeploymentID: "a", ObservedDeploymentID: "a", Conditions: reasons(false, v1.ReasonDeletionInProgress)}, v1.ReasonDeletionInProgress},
	} {
		if got, message := underWay(test.status); got != test.want || (message == "") != (got == "") {
			t.Errorf("%s: got %q, %q, want %q", name, got, message, test.want)
		}
	}
}

// olm stands in for the OperatorCondition.
type olm struct {
	holds  *metav1.Condition
	fail   error
	reads  int
	writes int
}

func (o *olm) Get(context.Context) (*metav1.Condition, error) {
	o.reads++
	switch {
	case o.fail != nil:
		return nil, o.fail
	case o.holds == nil:
		return nil, errors.New("conditionType Upgradeable not found")
	}
	return o.holds, nil
}

func (o *olm) Set(_ context.Context, status metav1.ConditionStatus, options ...conditions.Option) error {
	if o.fail != nil {
		return o.fail
	}
	o.writes++
	o.holds = &metav1.Condition{Status: status}
	for _, option := range options {
		option(o.holds)
	}
	return nil
}

func TestFollowTellsOnlyNews(t *testing.T) {
	server := &olm{}
	u := &Upgradeable{condition: server}
	s := &scope{config: &component.Config{}, kv: &v1.KubeVirt{Status: v1.KubeVirtStatus{TargetDeploymentID: "b", ObservedDeploymentID: "a"}}}
	expect := func(step string, status metav1.ConditionStatus, writes int) {
		t.Helper()
		if err := u.follow(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		reads := server.reads
		if err := u.follow(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if server.holds.Status != status || server.writes != writes || server.reads != reads {
			t.Errorf("%s: %s after %d writes, %d reads without news", step, server.holds.Status, server.writes, server.reads-reads)
		}
	}
	expect("updating", metav1.ConditionFalse, 1)
	s.kv.Status.ObservedDeploymentID, s.config = "b", nil
	expect("not come so far", metav1.ConditionFalse, 1)
	s.config = &component.Config{}
	expect("done", metav1.ConditionTrue, 2)
	u.told = metav1.Condition{}
	expect("restarted", metav1.ConditionTrue, 2)
	s.primary = &v1.KubeVirt{}
	s.kv.Status.ObservedDeploymentID = "a"
	expect("not the one that counts", metav1.ConditionTrue, 2)
	s.primary, s.removed = nil, true
	expect("removed", metav1.ConditionTrue, 2)
	if err := (*Upgradeable)(nil).follow(t.Context(), s); err != nil {
		t.Error("without OLM:", err)
	}
}

func TestBeginClaimsAnUpdate(t *testing.T) {
	env := component.Environment{Namespace: "kubevirt", Image: "r.test/kubevirt:2", LauncherImage: "r.test/virt-launcher:2", Version: "v2"}
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Name: "kubevirt", Namespace: "kubevirt"}}
	config, err := component.NewConfig(env, kv, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	gone := apierrors.NewNotFound(schema.GroupResource{Resource: "operatorconditions"}, "x")
	for name, test := range map[string]struct {
		installed string
		server    olm
		want      metav1.ConditionStatus
	}{
		"another version":                {"other", olm{}, metav1.ConditionFalse},
		"this version":                   {config.DeploymentID(), olm{}, ""},
		"another process was here first": {"other", olm{holds: &metav1.Condition{Status: metav1.ConditionTrue}}, metav1.ConditionTrue},
		"OLM does not want to know":      {"other", olm{fail: gone}, ""},
	} {
		kv.Status.ObservedDeploymentID = test.installed
		live := fake.NewClientBuilder().WithScheme(scheme).WithObjects(kv).Build()
		(&Upgradeable{condition: &test.server}).begin(t.Context(), live, env)
		got := metav1.ConditionStatus("")
		if test.server.holds != nil {
			got = test.server.holds.Status
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
