// Package leaf takes single fields out of API objects, for tests that show that a
// field has an effect.
package leaf

import (
	"encoding/json"
	"strings"
	"testing"
)

// Without returns a copy of object in which the leaf at path is not set. The path
// is written as in the ledger; [] stands for every item of a list, {} for every
// value of a map. It fails the test unless the leaf was set, and the copy can be read back.
func Without[T any](t testing.TB, object *T, path string) *T {
	t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatalf("encoding the object: %v", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatalf("decoding the object: %v", err)
	}
	if !remove(tree, strings.Split(path, ".")) {
		t.Fatalf("%s is not set", path)
	}
	if data, err = json.Marshal(tree); err != nil {
		t.Fatalf("encoding the changed object: %v", err)
	}
	changed := new(T)
	if err := json.Unmarshal(data, changed); err != nil {
		t.Fatalf("decoding the changed object: %v", err)
	}
	return changed
}

func remove(tree map[string]any, path []string) bool {
	name, isList := strings.CutSuffix(path[0], "[]")
	name, isMap := strings.CutSuffix(name, "{}")
	value, set := tree[name]
	if !set {
		return false
	}
	if len(path) == 1 {
		delete(tree, name)
		return true
	}
	if isMap {
		return removeFromValues(value, path[1:])
	}
	if !isList {
		object, isObject := value.(map[string]any)
		return isObject && remove(object, path[1:])
	}
	removed := false
	items, _ := value.([]any)
	for _, item := range items {
		if object, isObject := item.(map[string]any); isObject && remove(object, path[1:]) {
			removed = true
		}
	}
	return removed
}

func removeFromValues(value any, path []string) bool {
	removed := false
	entries, _ := value.(map[string]any)
	for _, entry := range entries {
		if object, isObject := entry.(map[string]any); isObject && remove(object, path) {
			removed = true
		}
	}
	return removed
}
