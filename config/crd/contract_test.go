package crd

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// unserved is the one group of the contract that this project does not have.
const unserved = "template.kubevirt.io"

// parsed is shared by the tests, which must not change it.
var parsed = sync.OnceValues(All)

func all(t *testing.T) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crds, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return crds
}

// readTable returns the lines of a table in testdata, each padded to width columns.
func readTable(t *testing.T, name string, width int) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		for len(row) < width {
			row = append(row, "")
		}
		rows = append(rows, row)
	}
	return rows
}

// TestCRDsMatchTheContractTable renders each version of each CRD as a line of the contract's table and compares
// the columns. Which columns a line has stands in the table's head.
func TestCRDsMatchTheContractTable(t *testing.T) {
	columns := []string{"group", "kind", "plural", "singular", "shortNames", "categories", "scope", "version",
		"served", "storage", "deprecated", "subresources", "printerColumns"}
	got := map[string][]string{}
	for _, crd := range all(t) {
		for _, version := range crd.Spec.Versions {
			got[crd.Name+"/"+version.Name] = tableRow(crd, version)
		}
	}
	for _, want := range readTable(t, "crds.tsv", len(columns)) {
		if want[0] == unserved {
			continue
		}
		name := want[2] + "." + want[0] + "/" + want[7]
		row, ok := got[name]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		delete(got, name)
		for i, column := range columns {
			if row[i] != want[i] {
				t.Errorf("%s: %s is %q, want %q", name, column, row[i], want[i])
			}
		}
	}
	for name := range got {
		t.Errorf("%s is not in the contract", name)
	}
}

func tableRow(crd *apiextensionsv1.CustomResourceDefinition, version apiextensionsv1.CustomResourceDefinitionVersion) []string {
	names := crd.Spec.Names
	return []string{
		crd.Spec.Group, names.Kind, names.Plural, names.Singular, strings.Join(names.ShortNames, ","),
		strings.Join(names.Categories, ","), string(crd.Spec.Scope), version.Name, python(version.Served),
		python(version.Storage), python(version.Deprecated), subresources(version), printerColumns(version),
	}
}

// python writes a boolean as the table does.
func python(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func subresources(version apiextensionsv1.CustomResourceDefinitionVersion) string {
	var parts []string
	if s := version.Subresources; s != nil {
		if s.Status != nil {
			parts = append(parts, "status")
		}
		if s.Scale != nil {
			parts = append(parts, fmt.Sprintf("scale(%s,%s,%s)", s.Scale.SpecReplicasPath, s.Scale.StatusReplicasPath, *s.Scale.LabelSelectorPath))
		}
	}
	return strings.Join(parts, "+")
}

func printerColumns(version apiextensionsv1.CustomResourceDefinitionVersion) string {
	var parts []string
	for _, c := range version.AdditionalPrinterColumns {
		parts = append(parts, fmt.Sprintf("%s:%s:%s:%d", c.Name, c.Type, c.JSONPath, c.Priority))
	}
	return strings.Join(parts, " | ")
}

func TestCRDsCarryTheLabelOfWhoInstallsThem(t *testing.T) {
	for _, crd := range all(t) {
		want := "kubevirt.io"
		if crd.Name == "kubevirts.kubevirt.io" {
			want = "operator.kubevirt.io"
		}
		if value, ok := crd.Labels[want]; !ok || value != "" || len(crd.Labels) != 1 {
			t.Errorf("%s has labels %v, want only %s=\"\"", crd.Name, crd.Labels, want)
		}
	}
}

func TestCRDsNeverConvertAndNeverKeepUnknownFields(t *testing.T) {
	for _, crd := range all(t) {
		if c := crd.Spec.Conversion; c != nil && c.Strategy != apiextensionsv1.NoneConverter {
			t.Errorf("%s converts by %s", crd.Name, c.Strategy)
		}
		if crd.Spec.PreserveUnknownFields {
			t.Errorf("%s preserves unknown fields", crd.Name)
		}
	}
}

// TestCRDsStaySmall: etcd refuses objects beyond 1.5 MB, client-side apply doubles an object in an annotation
// of at most 256 KiB, and every client that reads the schemas pays for them.
func TestCRDsStaySmall(t *testing.T) {
	const limit = 200_000
	for _, crd := range all(t) {
		data, err := json.Marshal(crd)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > limit {
			t.Errorf("%s is %d bytes, want at most %d", crd.Name, len(data), limit)
		}
	}
}

func TestVersionsOfAKindHaveTheSameFields(t *testing.T) {
	for _, crd := range all(t) {
		first := crd.Spec.Versions[0]
		want := fieldPaths(*first.Schema.OpenAPIV3Schema, "")
		for _, version := range crd.Spec.Versions[1:] {
			if got := fieldPaths(*version.Schema.OpenAPIV3Schema, ""); !slices.Equal(got, want) {
				t.Errorf("%s: %s and %s differ in fields", crd.Name, first.Name, version.Name)
			}
		}
	}
}

func fieldPaths(s apiextensionsv1.JSONSchemaProps, path string) []string {
	paths := []string{path + ":" + s.Type}
	for name, property := range s.Properties {
		paths = append(paths, fieldPaths(property, path+"."+name)...)
	}
	if s.Items != nil {
		paths = append(paths, fieldPaths(*s.Items.Schema, path+"[]")...)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		paths = append(paths, fieldPaths(*s.AdditionalProperties.Schema, path+"{}")...)
	}
	slices.Sort(paths)
	return paths
}
