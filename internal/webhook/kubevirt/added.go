package kubevirt

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// added returns the errors that an update brings: those that were not there before, and
// those about a value that was another.
func added(errs, before field.ErrorList, request admission.Request) field.ErrorList {
	var now, then any
	if json.Unmarshal(request.Object.Raw, &now) != nil || json.Unmarshal(request.OldObject.Raw, &then) != nil {
		return errs // both have been decoded before
	}
	known := map[string]bool{}
	for _, err := range before {
		known[err.Error()] = true
	}
	var brought field.ErrorList
	for _, err := range errs {
		if !known[err.Error()] || !reflect.DeepEqual(at(now, err.Field), at(then, err.Field)) {
			brought = append(brought, err)
		}
	}
	return brought
}

// steps are the parts of a path as errors write it: a.b[0].c[key].
var steps = regexp.MustCompile(`[^.\[\]]+|\[[^\]]*\]`)

// at is what an object has at a path; nil for nothing.
func at(value any, path string) any {
	for _, step := range steps.FindAllString(path, -1) {
		if step[0] == '[' {
			step = step[1 : len(step)-1]
		}
		switch within := value.(type) {
		case map[string]any:
			value = within[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(within) {
				return nil
			}
			value = within[i]
		default:
			return nil
		}
	}
	return value
}
