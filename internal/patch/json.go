package patch

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Operation is one step of a JSON patch (RFC 6902).
type Operation struct {
	Op   string `json:"op"`
	Path string `json:"path"`
	// Value is left out when nil; Null is null.
	Value any `json:"value,omitempty"`
}

// Null is the value null: in a test it stands for what is absent.
var Null = json.RawMessage("null")

// JSON encodes operations as a patch.
func JSON(operations []Operation) (client.Patch, error) {
	data, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("encoding the patch: %w", err)
	}
	return client.RawPatch(types.JSONPatchType, data), nil
}
