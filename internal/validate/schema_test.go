package validate

import (
	"context"
	"sync"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"kubevirt.io/kubevirt/config/crd"
)

type schema struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
}

// schemas are those of v1, by kind, as the API server has them.
var schemas = sync.OnceValues(func() (map[string]schema, error) {
	definitions, err := crd.All()
	if err != nil {
		return nil, err
	}
	all := map[string]schema{}
	for _, definition := range definitions {
		props, s := &apiextensions.JSONSchemaProps{}, schema{}
		err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(definition.Spec.Versions[0].Schema.OpenAPIV3Schema, props, nil)
		if err == nil {
			s.structural, err = structuralschema.NewStructural(props)
		}
		if err == nil {
			s.validator, _, err = validation.NewSchemaValidator(props)
		}
		if err != nil {
			return nil, err
		}
		all[definition.Spec.Names.Kind] = s
	}
	return all, nil
})

// bySchema returns what the API server itself refuses about a manifest.
func bySchema(t *testing.T, kind, manifest string) field.ErrorList {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		t.Fatal(err)
	}
	errs := validation.ValidateCustomResource(nil, object, all[kind].validator)
	rules, _ := cel.NewValidator(all[kind].structural, true, celconfig.PerCallLimit).
		Validate(context.Background(), nil, all[kind].structural, object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, rules...)
}
