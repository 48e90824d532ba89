package validate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// candidates are values that one type or another takes.
var candidates = []any{
	true, "Always", "1Gi", "1h", "2026-01-01T00:00:00Z", 1, []any{"a"}, []any{1}, []any{map[string]any{"name": "a"}},
	map[string]any{"a": "b"}, map[string]any{"a": 1}, map[string]any{}, map[string]any{"name": "a"}, map[string]any{"nodeSelectorTerms": []any{}},
}

// TestRefusedLeaves sets every refused leaf of every kind, alone, and wants to see
// it, or what holds it, refused by its path.
func TestRefusedLeaves(t *testing.T) {
	objects := map[string]func() any{
		"VirtualMachine":         func() any { return &v1.VirtualMachine{} },
		"VirtualMachineInstance": func() any { return &v1.VirtualMachineInstance{} },
		"KubeVirt":               func() any { return &v1.KubeVirt{} },

		"VirtualMachineInstanceReplicaSet": func() any { return &v1.VirtualMachineInstanceReplicaSet{} },
		"VirtualMachinePool":               func() any { return &poolv1beta1.VirtualMachinePool{} },
	}
	for _, kind := range ledger.Kinds() {
		rows, err := ledger.Load(kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.State != ledger.Refused {
				continue
			}
			t.Run(kind+"/"+row.Path, func(t *testing.T) { checkRefused(t, kind, row.Path, objects[kind]) })
		}
	}
}

func checkRefused(t *testing.T, kind, path string, empty func() any) {
	for _, value := range candidates {
		data, err := json.Marshal(place(strings.Split(path, "."), value))
		if err != nil {
			t.Fatal(err)
		}
		object := empty()
		if json.Unmarshal(data, object) != nil {
			continue
		}
		for _, err := range Unsupported(kind, object) {
			if strings.HasPrefix(instance(path), err.Field) && strings.Contains(err.Error(), err.Field+" is not supported") {
				return
			}
		}
	}
	t.Errorf("no value of %s is refused by its path", path)
}

// place builds the maps and lists around a value.
func place(steps []string, value any) any {
	if len(steps) == 0 {
		return value
	}
	name, inside := steps[0], place(steps[1:], value)
	for {
		switch {
		case strings.HasSuffix(name, "[]"):
			name, inside = strings.TrimSuffix(name, "[]"), []any{inside}
		case strings.HasSuffix(name, "{}"):
			name, inside = strings.TrimSuffix(name, "{}"), map[string]any{"key": inside}
		default:
			return map[string]any{name: inside}
		}
	}
}

// instance turns a ledger path into that of the object that place builds.
func instance(path string) string {
	return strings.NewReplacer("[]", "[0]", "{}", ".key").Replace(path)
}

// TestTheOnlyValueAccepted sets the refused leaves that take one value: to that value
// and to another.
func TestTheOnlyValueAccepted(t *testing.T) {
	rows, err := ledger.Load(v1.KindKubeVirt)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range rows {
		if row.Only == nil {
			continue
		}
		seen++
		steps := strings.Split(row.Path, ".")
		if errs := Unsupported(v1.KindKubeVirt, place(steps, row.Only)); len(errs) > 0 {
			t.Errorf("%s: %v is refused: %v", row.Path, row.Only, errs)
		}
		errs := Unsupported(v1.KindKubeVirt, place(steps, "another"))
		if want := fmt.Sprintf("not supported: only %s is: %s", quoted(t, row.Only), row.Note); len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: says %v, want %s", row.Path, errs, want)
		}
	}
	if seen == 0 {
		t.Error("no leaf takes one value")
	}
}

func quoted(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
