// Package revision encodes what a ControllerRevision stores.
package revision

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
)

// Encode returns an object as a ControllerRevision's data. The API server compares
// the data of every later write with it byte by byte, and writes fields in the
// order of their names: in any other order the revision's metadata could not be
// patched, which keeps the garbage collector from orphaning it.
func Encode(object any) (runtime.RawExtension, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return runtime.RawExtension{}, fmt.Errorf("encoding a revision: %w", err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return runtime.RawExtension{}, fmt.Errorf("ordering a revision: %w", err)
	}
	if data, err = json.Marshal(tree); err != nil {
		return runtime.RawExtension{}, fmt.Errorf("encoding a revision: %w", err)
	}
	return runtime.RawExtension{Raw: data}, nil
}
