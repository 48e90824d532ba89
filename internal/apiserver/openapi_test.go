package apiserver

import (
	"net/http"
	"reflect"
	"testing"

	restful "github.com/emicklei/go-restful/v3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/builder"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/common/restfuladapter"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"kubevirt.io/kubevirt/internal/apiserver/openapi"
)

// TestOpenAPI builds what is published from the web services.
func TestOpenAPI(t *testing.T) {
	config := genericapiserver.NewConfig(serializer.NewCodecFactory(runtime.NewScheme()))
	openapi.Configure(config, "virt-api", "v0.0.0")
	s := &server{}
	services := []*restful.WebService{discovery("/apis/"+Group, group())}
	for _, v := range Versions {
		services = append(services, s.webService(v))
	}
	v2, err := builder.BuildOpenAPISpecFromRoutes(restfuladapter.AdaptWebServices(services), config.OpenAPIConfig)
	if err != nil {
		t.Fatalf("version 2: %v", err)
	}
	ids := map[string]bool{}
	for path, item := range v2.Paths.Paths {
		for _, operation := range []*spec.Operation{item.Get, item.Put, item.Post} {
			if operation != nil && ids[operation.ID] {
				t.Errorf("%s: operation %s is there twice", path, operation.ID)
			} else if operation != nil {
				ids[operation.ID] = true
			}
		}
	}
	start := v2.Definitions["io.kubevirt.subresources.v1.StartOptions"].Properties
	if !start["paused"].Type.Contains("boolean") || !start["dryRun"].Type.Contains("array") || start["dryRun"].Description == "" {
		t.Errorf("start takes %+v", start)
	}
	if want := len(Versions)*(1+len(groupRoutes)+len(routes)) + 1; len(ids) != want {
		t.Errorf("%d operations, want %d", len(ids), want)
	}
	v3, err := builder3.BuildOpenAPISpecFromRoutes(restfuladapter.AdaptWebServices(services[1:2]), config.OpenAPIV3Config)
	if err != nil {
		t.Fatalf("version 3: %v", err)
	}
	for i := range routes {
		described(t, v3, &routes[i])
	}
}

// described checks what version 3 says of a route.
func described(t *testing.T, document *spec3.OpenAPI, r *route) {
	t.Helper()
	item := document.Paths.Paths["/apis/"+Group+"/v1"+r.path()]
	if item == nil {
		t.Errorf("%s is not described", r.path())
		return
	}
	operation := map[string]*spec3.Operation{http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post}[r.method]
	if operation == nil {
		t.Errorf("%s %s is not described", r.method, r.path())
		return
	}
	if body := operation.RequestBody; (body != nil) != (r.body != nil) {
		t.Errorf("%s: its body is %+v, want %T", operation.OperationId, body, r.body)
	} else if body != nil {
		refers(t, operation.OperationId, body.Content, r.body)
	}
	answer := operation.Responses.StatusCodeResponses[r.code()]
	if answer == nil {
		t.Errorf("%s does not answer %d", operation.OperationId, r.code())
	} else if r.answer != nil {
		refers(t, operation.OperationId, answer.Content, r.answer)
	}
}

func refers(t *testing.T, operation string, content map[string]*spec3.MediaType, to any) {
	t.Helper()
	want := "#/components/schemas/io.kubevirt.subresources.v1." + reflect.TypeOf(to).Name()
	if len(content) == 0 {
		t.Errorf("%s: nothing is described, want %s", operation, want)
	}
	for mime, media := range content {
		ref := media.Schema.Ref.String()
		if ref == "" && len(media.Schema.AllOf) == 1 {
			ref = media.Schema.AllOf[0].Ref.String()
		}
		if ref != want {
			t.Errorf("%s: %s is %s, want %s", operation, mime, ref, want)
		}
	}
}
