package kubevirt

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// manifest is an object as JSON has it, without what only the server fills in.
type manifest map[string]any

// newManifest renders an object for the server.
func newManifest(object any) (manifest, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encoding an object: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("decoding an object: %w", err)
	}
	delete(m, "status")
	return dropNull(map[string]any(m)).(map[string]any), nil
}

// dropNull removes null values, which Go's JSON writes for empty times.
func dropNull(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			if item == nil {
				delete(value, key)
				continue
			}
			value[key] = dropNull(item)
		}
	case []any:
		for i, item := range value {
			value[i] = dropNull(item)
		}
	}
	return value
}

// byName are the lists that an apply merges by their items' names.
var byName = map[string]bool{"containers": true, "initContainers": true, "volumes": true, "env": true}

// contains tells whether everything wanted is there as wanted. Maps may hold more:
// defaults of the server and what others add. Lists may not, but for those by name,
// where an apply would leave it; their items may.
func contains(live, wanted any) bool {
	switch wanted := wanted.(type) {
	case manifest:
		return contains(live, map[string]any(wanted))
	case map[string]any:
		if m, ok := live.(manifest); ok {
			live = map[string]any(m)
		}
		have, ok := live.(map[string]any)
		if !ok {
			return len(wanted) == 0 && live == nil
		}
		for key, item := range wanted {
			if byName[key] && containsNamed(have[key], item) {
				continue
			}
			if !contains(have[key], item) {
				return false
			}
		}
		return true
	case []any:
		have, ok := live.([]any)
		if !ok || len(have) != len(wanted) {
			return len(wanted) == 0 && live == nil
		}
		for i := range wanted {
			if !contains(have[i], wanted[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(live, wanted)
	}
}

// containsNamed is contains for a list by name.
func containsNamed(live, wanted any) bool {
	have, _ := live.([]any)
	items, ok := wanted.([]any)
	if !ok {
		return false
	}
	for _, item := range items {
		one, ok := item.(map[string]any)
		if !ok || !slices.ContainsFunc(have, func(other any) bool {
			candidate, ok := other.(map[string]any)
			return ok && candidate["name"] == one["name"] && contains(candidate, one)
		}) {
			return false
		}
	}
	return true
}

// differ tells whether sending an object has changed anything that was not its
// status. Without one before, it has.
func differ(before, after client.Object) (bool, error) {
	if before == nil || before.GetGeneration() != after.GetGeneration() {
		return true, nil
	}
	var forms [2]manifest
	for i, object := range []client.Object{before, after} {
		form, err := newManifest(object)
		if err != nil {
			return false, err
		}
		annotations := maps.Clone(object.GetAnnotations())
		delete(annotations, v1.AnnotationGeneration)
		form["metadata"] = []any{object.GetLabels(), annotations, object.GetOwnerReferences()}
		delete(form, "apiVersion")
		delete(form, "kind")
		forms[i] = form
	}
	return !equality.Semantic.DeepEqual(forms[0], forms[1]), nil
}
