package agent

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func TestSwitchFor(t *testing.T) {
	type state struct{ wanted, ours, merges bool }
	for now, want := range map[state]struct{ turn, on bool }{
		{}:                                       {},
		{merges: true}:                           {}, // the administrator's
		{wanted: true}:                           {true, true},
		{wanted: true, merges: true}:             {},           // the administrator's
		{wanted: true, ours: true}:               {true, true}, // the node was restarted
		{wanted: true, ours: true, merges: true}: {},
		{ours: true, merges: true}:               {true, false},
		{ours: true}:                             {true, false}, // the mark is to go
	} {
		if turn, on := switchFor(now.wanted, now.ours, now.merges); turn != want.turn || on != want.on {
			t.Errorf("%+v: turn %t, on %t", now, turn, on)
		}
	}
}

func TestSelects(t *testing.T) {
	present := map[string]string{"ksm": "yes"}
	for name, c := range map[string]struct {
		selector *metav1.LabelSelector
		want     bool
	}{
		"unset": {nil, false},
		"empty": {&metav1.LabelSelector{}, true},
		"this":  {&metav1.LabelSelector{MatchLabels: present}, true},
		"other": {&metav1.LabelSelector{MatchLabels: map[string]string{"ksm": "no"}}, false},
	} {
		if got, err := selects(c.selector, present); err != nil || got != c.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func TestWaker(t *testing.T) {
	with := func(nodes *metav1.LabelSelector, obsolete string) *clusterconfig.Config {
		config := &v1.KubeVirt{}
		config.Spec.Configuration.KSMConfiguration = &v1.KSMConfiguration{NodeLabelSelector: nodes}
		config.Spec.Configuration.ObsoleteCPUModels = map[string]bool{obsolete: true}
		return clusterconfig.New(config)
	}
	going := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}}
	going.DeletionTimestamp.Time = time.Unix(1, 0)
	going.Spec.Configuration.KSMConfiguration = &v1.KSMConfiguration{NodeLabelSelector: &metav1.LabelSelector{}}
	going.Spec.Configuration.ObsoleteCPUModels = map[string]bool{"Older": true}
	wake := newWaker(with(nil, "Old"))
	for _, step := range []struct {
		config *clusterconfig.Config
		wakes  bool
	}{
		{with(nil, "Old"), false},
		{with(&metav1.LabelSelector{}, "Old"), true},
		{with(&metav1.LabelSelector{}, "Old"), false},
		{with(&metav1.LabelSelector{}, "Older"), true},
		{with(nil, "Older"), true},
		{with(&metav1.LabelSelector{}, "Older"), true},
		{clusterconfig.New(going), true}, // the kernel is left as it was found
	} {
		wake.inEffect(step.config)
		if wakes := len(wake.channel) == 1; wakes != step.wakes {
			t.Errorf("%+v, %v: wakes: %t", step.config.KSMNodes, step.config.ObsoleteCPUModels, wakes)
		}
		for len(wake.channel) > 0 {
			<-wake.channel
		}
	}
}
