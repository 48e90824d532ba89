package server

import (
	"context"
	"encoding/json"
	"io"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/jsonlog"
	"kubevirt.io/kubevirt/launcher/protocol"
)

func TestLogVerbosity(t *testing.T) {
	ctx := t.Context()
	log := jsonlog.New(io.Discard, "virt-launcher")
	server := New(Identity{Namespace: "ns", Name: "vm", UID: "1"}, &fakeMachine{}, log)
	open := func() *protocol.InfoResponse {
		t.Helper()
		info, err := server.Info(ctx, &protocol.InfoRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	set := func(verbosity uint32) {
		t.Helper()
		_, err := server.Signal(ctx, &protocol.SignalRequest{
			Session: open().GetSession(), Action: protocol.Action_ACTION_LOG_VERBOSITY, LogVerbosity: verbosity,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sync := func(label string) {
		t.Helper()
		vmi := &v1.VirtualMachineInstance{}
		vmi.Namespace, vmi.Name, vmi.UID = "ns", "vm", "1"
		vmi.Labels = map[string]string{v1.LabelLogVerbosity: label}
		raw, err := json.Marshal(vmi)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := server.Sync(ctx, &protocol.SyncRequest{Session: open().GetSession(), Vmi: raw}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name      string
		do        func()
		told, has uint32
	}{
		{"begun", func() {}, 0, 2},
		{"more", func() { set(5) }, 5, 5},
		{"the VMI wants something else", func() { sync("3") }, 5, 3},
		{"which wins", func() { set(7) }, 7, 3},
		{"the VMI wants nonsense", func() { sync("much") }, 7, 7},
		{"as it began", func() { set(0) }, 0, 2},
	} {
		step.do()
		if told := open().GetLogVerbosity(); told != step.told {
			t.Errorf("%s: Info tells %d, want %d", step.name, told, step.told)
		}
		for n := range uint32(10) {
			if on := log.Enabled(context.Background(), jsonlog.Detail(n)); on != (n <= step.has) {
				t.Errorf("%s: lines of %d: %t, want verbosity %d", step.name, n, on, step.has)
			}
		}
	}
}
