package output

import (
	"bytes"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestObject(t *testing.T) {
	for format, want := range map[string]string{
		Name: "service/web\n",
		YAML: "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n",
		JSON: "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Service\",\n  \"metadata\": {\n    \"name\": \"web\"\n  }\n}\n",
	} {
		made := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service",
			"metadata": map[string]any{"name": "web", "managedFields": []any{map[string]any{"manager": "virtctl"}}},
		}}
		var out bytes.Buffer
		if err := (&Flag{Format: format}).Object(&out, made, "service", "web"); err != nil || out.String() != want {
			t.Errorf("%s: printed %q, %v; want %q", format, out.String(), err, want)
		}
	}
}
