package kubevirt

import (
	"encoding/json"
	"fmt"
	"reflect"
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

// contains tells whether everything wanted is there as wanted. Maps may hold more:
// defaults of the server and what others add. Lists may not, but their items may.
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
