package crd

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"kubevirt.io/kubevirt/api/ledger"
)

// TestSchemasMatchTheContractFields compares every field of every version with the contract's field list: its
// type, whether it is required, every validation, and that there is no further field.
func TestSchemasMatchTheContractFields(t *testing.T) {
	tightened := readTable(t, "tightened.tsv", 2)
	for _, crd := range all(t) {
		rows := readTable(t, "fields-"+crd.Spec.Names.Kind+".tsv", 6)
		for _, version := range crd.Spec.Versions {
			t.Run(crd.Spec.Names.Kind+"/"+version.Name, func(t *testing.T) {
				root := version.Schema.OpenAPIV3Schema
				known := map[string]bool{}
				for _, row := range rows {
					path, validation := row[0], parseValidation(row[4])
					if path == "(root)" {
						compare(t, path, "required", root.Required, list(validation["required"]))
						continue
					}
					known[path] = true
					// Kubernetes' own types are not expanded in the contract, nor is what it lists elsewhere.
					opaque := strings.Contains(row[2], "core/v1.") || strings.Contains(row[2], "meta/v1.")
					if _, elsewhere := validation["same as"]; elsewhere || opaque {
						known[path+".*"] = true
					}
					parent, field := find(root, path)
					if field == nil {
						t.Errorf("%s is missing", path)
						continue
					}
					tighten(tightened, row[0], validation, field)
					compareField(t, row, validation, parent, field)
				}
				reportUnknown(t, root, "", known)
			})
		}
	}
}

// parseValidation splits the contract's validation column; rules are counted under "rules".
func parseValidation(column string) map[string]string {
	out := map[string]string{}
	for _, part := range regexp.MustCompile(`; `).Split(column, -1) {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case strings.HasPrefix(part, "rule: "):
			out["rules"] += "x"
		case strings.HasPrefix(part, "same as"):
			out["same as"] = part
		case name != "":
			out[name] = value
		}
	}
	return out
}

// tighten takes over from a schema what it may say beyond the contract.
func tighten(table [][]string, path string, validation map[string]string, s *apiextensionsv1.JSONSchemaProps) {
	for _, row := range table {
		if !strings.HasSuffix(path, row[0]) {
			continue
		}
		for _, what := range strings.Split(row[1], ",") {
			if validation[what] == "" {
				validation[what] = said(s)[what]
			}
		}
	}
}

// said renders a schema's validations as the contract does.
func said(s *apiextensionsv1.JSONSchemaProps) map[string]string {
	var enum []string
	for _, value := range s.Enum {
		enum = append(enum, string(value.Raw))
	}
	out := map[string]string{
		"minimum": number(s.Minimum), "maximum": number(s.Maximum), "minLength": number(s.MinLength), "maxLength": number(s.MaxLength),
		"maxItems": number(s.MaxItems),
	}
	if enum != nil {
		out["enum"] = "[" + strings.Join(enum, ",") + "]"
	}
	if s.Pattern != "" {
		quoted, _ := json.Marshal(s.Pattern)
		out["pattern"] = string(quoted)
	}
	return out
}

func compareField(t *testing.T, row []string, validation map[string]string, parent, s *apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	path := row[0]
	got, want := wireType(s), row[1]
	if strings.Contains(row[2], "=map[") { // a named map type: the contract calls it an object
		want = "map"
	}
	compare(t, path, "type", got, want)
	compare(t, path, "required", slices.Contains(parent.Required, lastName(path)), row[3] == "y")
	compare(t, path, "minimum", number(s.Minimum), validation["minimum"])
	compare(t, path, "maximum", number(s.Maximum), validation["maximum"])
	compare(t, path, "minLength", number(s.MinLength), validation["minLength"])
	compare(t, path, "maxLength", number(s.MaxLength), validation["maxLength"])
	compare(t, path, "minItems", number(s.MinItems), validation["minItems"])
	compare(t, path, "maxItems", number(s.MaxItems), validation["maxItems"])
	compare(t, path, "list type", str(s.XListType), strings.Trim(validation["list-type"], `"`))
	compare(t, path, "map type", str(s.XMapType), strings.Trim(validation["map-type"], `"`))
	compare(t, path, "list map keys", s.XListMapKeys, list(validation["list-map-keys"]))
	compare(t, path, "rules", strings.Repeat("x", len(s.XValidations)), validation["rules"])
	_, nullable := validation["nullable"]
	compare(t, path, "nullable", s.Nullable, nullable)
	_, preserve := validation["preserve-unknown"]
	compare(t, path, "preserve-unknown", s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields, preserve)
	var enum []string
	for _, value := range s.Enum {
		enum = append(enum, strings.Trim(string(value.Raw), `"`))
	}
	compare(t, path, "enum", enum, list(validation["enum"]))
	fallback := ""
	if s.Default != nil {
		fallback = string(s.Default.Raw)
	}
	compare(t, path, "default", fallback, validation["default"])
	if _, quantity := validation["quantity"]; !quantity {
		pattern := ""
		if s.Pattern != "" {
			quoted, _ := json.Marshal(s.Pattern)
			pattern = string(quoted)
		}
		compare(t, path, "pattern", pattern, validation["pattern"])
	}
}

func compare(t *testing.T, path, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %s is %v, want %v", path, what, got, want)
	}
}

func list(column string) []string {
	var values []any
	if column != "" && json.Unmarshal([]byte(column), &values) != nil {
		return []string{"not a list: " + column}
	}
	var out []string
	for _, value := range values {
		out = append(out, fmt.Sprint(value))
	}
	return out
}

func number[N int64 | float64](n *N) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(int64(*n))
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func lastName(path string) string {
	return strings.TrimRight(path[strings.LastIndex(path, ".")+1:], "[]{}")
}

// wireType writes a schema's type as the contract and the ledger do.
func wireType(s *apiextensionsv1.JSONSchemaProps) string {
	switch {
	case s.XIntOrString:
		return "int-or-string"
	case s.Type == "object" && s.AdditionalProperties != nil:
		return "map"
	case s.Format != "":
		return s.Type + ":" + s.Format
	}
	return s.Type
}

// find follows a path of the contract and returns the field with the object that holds it, or nil.
func find(root *apiextensionsv1.JSONSchemaProps, path string) (parent, field *apiextensionsv1.JSONSchemaProps) {
	field = root
	for step := range strings.SplitSeq(path, ".") {
		name := strings.TrimRight(step, "[]{}")
		parent = field
		property, ok := field.Properties[name]
		if !ok {
			return nil, nil
		}
		field = &property
		for suffix := step[len(name):]; suffix != ""; suffix = suffix[2:] {
			if suffix[0] == '[' {
				field = field.Items.Schema
			} else {
				field = field.AdditionalProperties.Schema
			}
		}
	}
	return parent, field
}

func reportUnknown(t *testing.T, s *apiextensionsv1.JSONSchemaProps, path string, known map[string]bool) {
	t.Helper()
	for name, property := range s.Properties {
		child := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case path == "" && (name == "apiVersion" || name == "kind" || name == "metadata"):
		case !known[child]:
			t.Errorf("%s is not in the contract", child)
		case known[child+".*"] && !hasKnownChild(known, child):
		case property.Items != nil:
			reportUnknown(t, property.Items.Schema, child+"[]", known)
		case property.AdditionalProperties != nil && property.AdditionalProperties.Schema != nil:
			reportUnknown(t, property.AdditionalProperties.Schema, child+"{}", known)
		default:
			reportUnknown(t, &property, child, known)
		}
	}
}

// hasKnownChild tells our types that the contract writes with a package name from Kubernetes' own.
func hasKnownChild(known map[string]bool, path string) bool {
	for other := range known {
		if rest, ok := strings.CutPrefix(other, path); ok && rest != "" && rest != ".*" && strings.ContainsRune(".[{", rune(rest[0])) {
			return true
		}
	}
	return false
}

// TestSchemasAndLedgerHaveTheSameLeaves closes the circle that the ledger's own test begins with the Go types.
func TestSchemasAndLedgerHaveTheSameLeaves(t *testing.T) {
	for _, crd := range all(t) {
		kind := crd.Spec.Names.Kind
		if !slices.Contains(ledger.Kinds(), kind) {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			rows, err := ledger.Load(kind)
			if err != nil {
				t.Fatal(err)
			}
			types := map[string]string{}
			for _, row := range rows {
				types[row.Path] = row.Type
			}
			for _, version := range crd.Spec.Versions {
				found := map[string]bool{}
				compareLeaves(t, version.Schema.OpenAPIV3Schema, "", types, found)
				for path := range types {
					if !found[path] {
						t.Errorf("%s: %s is in the ledger but not in the schema", version.Name, path)
					}
				}
			}
		})
	}
}

func compareLeaves(t *testing.T, s *apiextensionsv1.JSONSchemaProps, path string, types map[string]string, found map[string]bool) {
	t.Helper()
	if want, ok := types[path]; ok {
		found[path] = true
		compare(t, path, "type", wireType(s), want)
		return
	}
	switch {
	case s.Items != nil:
		compareLeaves(t, s.Items.Schema, path+"[]", types, found)
	case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
		compareLeaves(t, s.AdditionalProperties.Schema, path+"{}", types, found)
	case len(s.Properties) == 0:
		t.Errorf("%s is in the schema but not in the ledger", path)
	}
	for name, property := range s.Properties {
		if path == "" && (name == "apiVersion" || name == "kind" || name == "metadata") {
			continue
		}
		compareLeaves(t, &property, strings.TrimPrefix(path+"."+name, "."), types, found)
	}
}
