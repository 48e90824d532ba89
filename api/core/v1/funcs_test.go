package v1

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func ptr[T any](v T) *T { return &v }

func TestRunStrategy(t *testing.T) {
	for name, c := range map[string]struct {
		spec    VirtualMachineSpec
		want    VirtualMachineRunStrategy
		wantErr bool
	}{
		"running true":       {spec: VirtualMachineSpec{Running: ptr(true)}, want: RunStrategyAlways},
		"running false":      {spec: VirtualMachineSpec{Running: ptr(false)}, want: RunStrategyHalted},
		"neither":            {want: RunStrategyHalted},
		"strategy":           {spec: VirtualMachineSpec{RunStrategy: ptr(RunStrategyManual)}, want: RunStrategyManual},
		"receiver":           {spec: VirtualMachineSpec{RunStrategy: ptr(RunStrategyWaitAsReceiver)}, want: RunStrategyWaitAsReceiver},
		"unknown strategy":   {spec: VirtualMachineSpec{RunStrategy: ptr(VirtualMachineRunStrategy("always"))}, want: "always", wantErr: true},
		"empty strategy":     {spec: VirtualMachineSpec{RunStrategy: ptr(RunStrategyUnset)}, wantErr: true},
		"both of the fields": {spec: VirtualMachineSpec{Running: ptr(true), RunStrategy: ptr(RunStrategyAlways)}, wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&VirtualMachine{Spec: c.spec}).RunStrategy()
			if got != c.want || (err != nil) != c.wantErr {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	both := &VirtualMachine{Spec: VirtualMachineSpec{Running: ptr(false), RunStrategy: ptr(RunStrategyOnce)}}
	if _, err := both.RunStrategy(); !errors.Is(err, ErrRunningAndRunStrategy) {
		t.Errorf("got %v", err)
	}
}

func TestPhases(t *testing.T) {
	for phase, want := range map[VirtualMachineInstancePhase]struct{ final, running, scheduled, unprocessed bool }{
		VMIPhaseUnset:      {unprocessed: true},
		VMIPhasePending:    {unprocessed: true},
		VMIPhaseScheduling: {},
		VMIPhaseScheduled:  {scheduled: true},
		VMIPhaseRunning:    {running: true},
		VMIPhaseSucceeded:  {final: true},
		VMIPhaseFailed:     {final: true},
		VMIPhaseUnknown:    {},
	} {
		vmi := &VirtualMachineInstance{Status: VirtualMachineInstanceStatus{Phase: phase}}
		if vmi.IsFinal() != want.final || vmi.IsRunning() != want.running ||
			vmi.IsScheduled() != want.scheduled || vmi.IsUnprocessed() != want.unprocessed {
			t.Errorf("phase %q: want %+v", phase, want)
		}
	}
}

func TestConditions(t *testing.T) {
	vmi := &VirtualMachineInstance{Status: VirtualMachineInstanceStatus{Conditions: []Condition{
		{Type: ConditionReady, Status: corev1.ConditionFalse}, {Type: ConditionPaused, Status: corev1.ConditionTrue},
	}}}
	if !vmi.IsPaused() || vmi.IsConditionTrue(ConditionReady) || vmi.IsConditionTrue(ConditionAgentConnected) {
		t.Error("wrong answer about a condition")
	}
	vmi.Condition(ConditionReady).Status = corev1.ConditionTrue
	if !vmi.IsConditionTrue(ConditionReady) {
		t.Error("the condition found is not the one in the list")
	}
	if c := (&VirtualMachine{}).Condition(ConditionFailure); c != nil {
		t.Errorf("found %v in an empty list", c)
	}
}

func TestIsMigrating(t *testing.T) {
	now := ptr(metav1.NewTime(time.Unix(1, 0)))
	for name, c := range map[string]struct {
		state *VirtualMachineInstanceMigrationState
		want  bool
	}{
		"never":     {nil, false},
		"handed on": {&VirtualMachineInstanceMigrationState{}, false},
		"copying":   {&VirtualMachineInstanceMigrationState{StartTimestamp: now}, true},
		"completed": {&VirtualMachineInstanceMigrationState{StartTimestamp: now, Completed: true}, false},
		"ended":     {&VirtualMachineInstanceMigrationState{StartTimestamp: now, EndTimestamp: now}, false},
	} {
		if got := (&VirtualMachineInstance{Status: VirtualMachineInstanceStatus{MigrationState: c.state}}).IsMigrating(); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestWireForm pins what clients see of values that Go would rather leave out or flatten otherwise.
func TestWireForm(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"condition":        {Condition{Type: ConditionReady, Status: corev1.ConditionTrue}, `{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":null}`},
		"runtime user":     {VirtualMachineInstanceStatus{}, `{"guestOSInfo":{},"runtimeUser":0}`},
		"empty machine":    {Machine{}, `{"type":""}`},
		"embedded device":  {Disk{Name: "a", DiskDevice: DiskDevice{CDRom: &CDRomTarget{Bus: DiskBusSATA}}}, `{"name":"a","cdrom":{"bus":"sata"}}`},
		"embedded network": {Network{Name: "n", NetworkSource: NetworkSource{Pod: &PodNetwork{}}}, `{"name":"n","pod":{}}`},
		"embedded clock":   {Clock{ClockOffset: ClockOffset{UTC: &ClockOffsetUTC{}}}, `{"utc":{}}`},
		"embedded probe":   {Probe{ProbeHandler: ProbeHandler{GuestAgentPing: &GuestAgentPing{}}}, `{"guestAgentPing":{}}`},
		"embedded state": {VirtualMachineInstanceMigrationSourceState{VirtualMachineInstanceCommonMigrationState: VirtualMachineInstanceCommonMigrationState{Node: "n"}},
			`{"node":"n"}`},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(c.value)
			if err != nil || string(data) != c.want {
				t.Errorf("got %s, %v\nwant %s", data, err, c.want)
			}
		})
	}
}
