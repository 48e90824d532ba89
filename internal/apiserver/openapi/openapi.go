// Package openapi describes the bodies and answers of the aggregated API. The
// descriptions of our types are generated from them (hack/generate.sh).
package openapi

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	kubernetes "k8s.io/kube-aggregator/pkg/generated/openapi"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// metaPackage is where the types are that Kubernetes describes under another name
// than the one by which the generator refers to them.
const metaPackage = "k8s.io/apimachinery/pkg/apis/meta/v1."

// Configure has a server publish what its web services say of themselves.
func Configure(config *genericapiserver.Config, title, version string) {
	scheme := runtime.NewScheme()
	utilruntime.Must(subresourcesv1.AddToScheme(scheme))
	namer := openapi.NewDefinitionNamer(scheme)
	info := spec.InfoProps{Title: title, Version: version}
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions, namer)
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions, namer)
	config.OpenAPIConfig.Info.InfoProps, config.OpenAPIV3Config.Info.InfoProps = info, info
	name := func(of string) (string, spec.Extensions) {
		result, extensions := namer.GetDefinitionName(of)
		if strings.Contains(result, "/") { // a Go type without a name of its own for OpenAPI
			result = util.ToRESTFriendlyName(result)
		}
		return result, extensions
	}
	config.OpenAPIConfig.GetDefinitionName, config.OpenAPIV3Config.GetDefinitionName = name, name
	config.OpenAPIV3Config.Definitions = definitions(func(of string) spec.Ref {
		result, _ := name(of)
		return spec.MustCreateRef("#/components/schemas/" + common.EscapeJsonPointer(result))
	})
}

func definitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	all := GetOpenAPIDefinitions(ref)
	for name, definition := range kubernetes.GetOpenAPIDefinitions(ref) {
		all[name] = definition
		if _, kind, isMeta := strings.Cut(name, "meta.v1."); isMeta {
			all[metaPackage+kind] = definition
		}
	}
	// Of Kubernetes' core group, which is a hundred times the rest, one type is needed.
	all["k8s.io/api/core/v1.TypedObjectReference"] = common.OpenAPIDefinition{Schema: spec.Schema{SchemaProps: spec.SchemaProps{
		Description: "TypedObjectReference contains enough information to let you locate the typed referenced object",
		Type:        []string{"object"},
		Required:    []string{"kind", "name"},
		Properties: map[string]spec.Schema{
			"apiGroup":  *spec.StringProperty().WithDescription("Group of the object; the core group if unset."),
			"kind":      *spec.StringProperty().WithDescription("Kind of the object."),
			"name":      *spec.StringProperty().WithDescription("Name of the object."),
			"namespace": *spec.StringProperty().WithDescription("Namespace of the object; none if unset."),
		},
	}}}
	return all
}
