package pool

import (
	"encoding/json"
	"fmt"
	"maps"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Names of the fields that say when a machine runs.
const (
	fieldRunning     = "running"
	fieldRunStrategy = "runStrategy"
)

// bring makes a machine what the template says now: what it says is set, and what it
// said before and says no more is taken away. The rest is the machine's own, such as
// the identity that admission has given it. Whether it runs stays as people have
// decided since, unless the template has changed in that. Before is nil when it is
// not known.
func bring(vm, before, after *v1.VirtualMachine) error {
	if before == nil {
		before = &v1.VirtualMachine{}
		before.Spec.RunStrategy, before.Spec.Running = after.Spec.RunStrategy, after.Spec.Running
	}
	vm.Labels = bringEntries(vm.Labels, before.Labels, after.Labels)
	vm.Annotations = bringEntries(vm.Annotations, before.Annotations, after.Annotations)
	var trees [3]map[string]any
	for i, from := range []*v1.VirtualMachine{vm, before, after} {
		data, err := json.Marshal(from.Spec)
		if err == nil {
			err = json.Unmarshal(data, &trees[i])
		}
		if err != nil {
			return fmt.Errorf("comparing the machine with its template: %w", err)
		}
	}
	live, old, wanted := trees[0], trees[1], trees[2]
	// A strategy that is not known compares as any other.
	strategyBefore, _ := before.RunStrategy()
	strategyAfter, _ := after.RunStrategy()
	for _, name := range []string{fieldRunning, fieldRunStrategy} {
		if strategyBefore == strategyAfter {
			delete(wanted, name)
		} else {
			delete(live, name)
		}
		delete(old, name)
	}
	bringObject(live, old, wanted)
	data, err := json.Marshal(live)
	if err != nil {
		return fmt.Errorf("encoding the machine: %w", err)
	}
	vm.Spec = v1.VirtualMachineSpec{}
	if err := json.Unmarshal(data, &vm.Spec); err != nil {
		return fmt.Errorf("reading the machine: %w", err)
	}
	return nil
}

func bringEntries(live, before, after map[string]string) map[string]string {
	if len(live)+len(after) == 0 {
		return live
	}
	brought := map[string]string{}
	for key, value := range live {
		if _, was := before[key]; !was {
			brought[key] = value
		}
	}
	maps.Copy(brought, after)
	return brought
}

// bringObject changes live. Lists are one value: their items have no common key.
func bringObject(live, before, after map[string]any) {
	for key, was := range before {
		if _, stays := after[key]; stays {
			continue
		}
		object, isObject := live[key].(map[string]any)
		if wasObject, ok := was.(map[string]any); ok && isObject {
			if bringObject(object, wasObject, nil); len(object) > 0 {
				continue
			}
		}
		delete(live, key)
	}
	for key, value := range after {
		object, isObject := live[key].(map[string]any)
		wanted, wantsObject := value.(map[string]any)
		if !isObject || !wantsObject {
			live[key] = value
			continue
		}
		was, _ := before[key].(map[string]any)
		bringObject(object, was, wanted)
	}
}
