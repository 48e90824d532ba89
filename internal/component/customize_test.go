package component

import (
	"errors"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func customized(t *testing.T, custom v1.CustomizeComponents) (*Installation, error) {
	t.Helper()
	return New(configOf(t, &v1.KubeVirt{Spec: v1.KubeVirtSpec{CustomizeComponents: custom}}, 0), nil)
}

func find[T Object](t *testing.T, installation *Installation, name string) T {
	t.Helper()
	for _, object := range installation.all() {
		if found, ok := object.(T); ok && object.GetName() == name {
			return found
		}
	}
	t.Fatalf("there is no %T %s", *new(T), name)
	return *new(T)
}

// TestPatches: which patches are accepted and what is said of the others.
func TestPatches(t *testing.T) {
	const wide, deployment, api = "*", "Deployment", "virt-api"
	for name, test := range map[string]struct {
		kind, name string
		how        v1.PatchType
		patch      string
		refused    string
	}{
		"strategic":          {deployment, api, v1.PatchTypeStrategic, `{"spec":{"template":{"spec":{"containers":[{"name":"virt-api","env":[{"name":"A","value":"b"}]}]}}}}`, ""},
		"merge":              {"Service", wide, v1.PatchTypeMerge, `{"spec":{"ipFamilyPolicy":"PreferDualStack"}}`, ""},
		"json":               {"APIService", "v1." + SubresourceGroup, v1.PatchTypeJSON, `[{"op":"add","path":"/spec/versionPriority","value":20}]`, ""},
		"kind in lower case": {"daemonset", Handler, v1.PatchTypeMerge, `{"spec":{"minReadySeconds":1}}`, ""},
		"label of a secret":  {"Secret", APISecret, v1.PatchTypeMerge, `{"metadata":{"labels":{"backup":"no"}}}`, ""},
		"metadata of all":    {wide, wide, v1.PatchTypeMerge, `{"metadata":{"annotations":{"a":"b"}}}`, ""},

		"not JSON":               {deployment, api, v1.PatchTypeMerge, `{`, "not valid JSON"},
		"of no type":             {deployment, api, "ours", `{}`, `type "ours" is none of json, merge and strategic`},
		"operations as merge":    {deployment, api, v1.PatchTypeMerge, `[{"op":"remove","path":"/spec"}]`, "what the patch makes of it is none"},
		"merge as operations":    {deployment, api, v1.PatchTypeJSON, `{"spec":{}}`, "a list of operations"},
		"no operation":           {deployment, api, v1.PatchTypeJSON, `[null]`, "patches[0].patch"},
		"null":                   {deployment, api, v1.PatchTypeMerge, `null`, "patches[0].patch"},
		"strategic null":         {deployment, api, v1.PatchTypeStrategic, `null`, ""},
		"a path that is not":     {deployment, api, v1.PatchTypeJSON, `[{"op":"remove","path":"/spec/nothing"}]`, "virt-api"},
		"a test that fails":      {deployment, api, v1.PatchTypeJSON, `[{"op":"test","path":"/spec/replicas","value":9}]`, "virt-api"},
		"a field that is not":    {deployment, api, v1.PatchTypeMerge, `{"spec":{"replica":3}}`, `unknown field "spec.replica"`},
		"a field of other case":  {deployment, api, v1.PatchTypeMerge, `{"Spec":{"replicas":3}}`, `unknown field "Spec"`},
		"a value that is not":    {deployment, api, v1.PatchTypeMerge, `{"spec":{"replicas":"many"}}`, "spec.replicas"},
		"what fits some only":    {wide, wide, v1.PatchTypeMerge, `{"spec":{"template":{"spec":{"hostNetwork":true}}}}`, "unknown field"},
		"another name":           {deployment, api, v1.PatchTypeMerge, `{"metadata":{"name":"other"}}`, "metadata.name must stay"},
		"another namespace":      {deployment, api, v1.PatchTypeMerge, `{"metadata":{"namespace":"other"}}`, "metadata.namespace must stay"},
		"another kind":           {deployment, api, v1.PatchTypeMerge, `{"kind":"StatefulSet"}`, "kind must stay"},
		"an owner":               {deployment, api, v1.PatchTypeMerge, `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"1"}]}}`, "metadata.ownerReferences must stay"},
		"a status":               {deployment, api, v1.PatchTypeMerge, `{"status":{"replicas":3}}`, "status must stay"},
		"a label of ours":        {deployment, api, v1.PatchTypeMerge, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"me"}}}`, "metadata.labels.app.kubernetes.io/managed-by must stay"},
		"no label of ours":       {deployment, api, v1.PatchTypeMerge, `{"metadata":{"labels":null}}`, "metadata.labels.kubevirt.io must stay"},
		"an annotation of ours":  {deployment, api, v1.PatchTypeMerge, `{"metadata":{"annotations":{"kubevirt.io/applied-hash":"x"}}}`, "applied-hash must stay"},
		"another selector":       {"Service", api, v1.PatchTypeMerge, `{"spec":{"selector":{"a":"b"}}}`, "spec.selector must stay"},
		"pods that are not ours": {deployment, api, v1.PatchTypeMerge, `{"spec":{"template":{"metadata":{"labels":{"kubevirt.io":"x"}}}}}`, "template.metadata.labels.kubevirt.io must stay"},
		"nobody":                 {deployment, api, v1.PatchTypeMerge, `{"spec":{"replicas":0}}`, "at least 1"},
		"a key":                  {"Secret", APISecret, v1.PatchTypeMerge, `{"data":{"tls.key":"eA=="}}`, "data must stay"},
	} {
		t.Run(name, func(t *testing.T) {
			patch := v1.CustomizeComponentsPatch{ResourceType: test.kind, ResourceName: test.name, Type: test.how, Patch: test.patch}
			_, err := customized(t, v1.CustomizeComponents{Patches: []v1.CustomizeComponentsPatch{patch}})
			if (err != nil) != (test.refused != "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("%v, want a word on %q", err, test.refused)
			}
			if err != nil && !strings.Contains(err.Error(), "spec.customizeComponents.patches[0].patch") {
				t.Errorf("%v names no field", err)
			}
		})
	}
}

// TestOddPatches: none of them ends the operator.
func TestOddPatches(t *testing.T) {
	for _, text := range []string{
		"", "null", "0", `"x"`, "[]", "{}", "[null]", "[{}]", "[[]]", `[{"op":"add"}]`, `[{"op":"add","path":"","value":null}]`, `[{"op":"remove","path":""}]`,
		`[{"op":"test","path":""}]`, `[{"op":"move","from":"/spec","path":"/spec/template"}]`, `[{"op":"copy","from":"","path":"/spec/x"}]`,
		`[{"op":"add","path":"/spec/template/spec/containers/-1","value":{}}]`, `[{"op":"replace","path":"/metadata","value":[]}]`, `[{"op":null,"path":null}]`,
		`{"spec":null}`, `{"metadata":null}`, `{"metadata":[]}`, `{"$patch":"delete"}`, `{"$patch":"replace"}`, `{"$patch":1}`, `{"spec":{"$patch":"delete"}}`,
		`{"spec":{"template":{"spec":{"containers":[null]}}}}`, `{"spec":{"template":{"spec":{"containers":[{"$patch":"delete"}]}}}}`,
		`{"spec":{"template":{"spec":{"$setElementOrder/containers":[{}]}}}}`, `{"spec":{"$retainKeys":["replicas"]}}`,
	} {
		for _, how := range []v1.PatchType{v1.PatchTypeJSON, v1.PatchTypeMerge, v1.PatchTypeStrategic} {
			patch := v1.CustomizeComponentsPatch{ResourceType: "*", ResourceName: "*", Type: how, Patch: text}
			installation, err := customized(t, v1.CustomizeComponents{Patches: []v1.CustomizeComponentsPatch{patch}})
			if err != nil {
				continue
			}
			for _, object := range installation.all() {
				if object.GetName() == "" || object.GetObjectKind().GroupVersionKind().Empty() {
					t.Errorf("%s %s makes a nameless %T", how, text, object)
				}
			}
		}
	}
}

// TestPatchesOfNothing: admission minds, an installation that a former version's
// patches reach does not.
func TestPatchesOfNothing(t *testing.T) {
	for _, patch := range []v1.CustomizeComponentsPatch{
		{ResourceType: "Deployment", ResourceName: "virt-apii"}, {ResourceType: "ClusterRole", ResourceName: "*"}, {ResourceType: "Secret", ResourceName: CASecret},
	} {
		patch.Type, patch.Patch = v1.PatchTypeMerge, "{}"
		custom := v1.CustomizeComponents{Patches: []v1.CustomizeComponentsPatch{patch}}
		if _, err := customized(t, custom); err != nil {
			t.Errorf("%+v: %v", patch, err)
		}
		errs := CheckCustomizations(environment, &v1.KubeVirt{Spec: v1.KubeVirtSpec{CustomizeComponents: custom}})
		if len(errs) != 1 || errs[0].Field != "spec.customizeComponents.patches[0]" || !strings.Contains(errs[0].Detail, "Deployment virt-api") {
			t.Errorf("%+v: %v", patch, errs)
		}
	}
}

// TestPatchedReplicas: a patch wins over what is chosen, and the disruption budget follows.
func TestPatchedReplicas(t *testing.T) {
	for value, left := range map[string]int{"5": 4, "1": 0, "null": 1} {
		installation, err := customized(t, v1.CustomizeComponents{Patches: []v1.CustomizeComponentsPatch{
			{ResourceType: "Deployment", ResourceName: API, Type: v1.PatchTypeMerge, Patch: `{"spec":{"replicas":` + value + `}}`},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := find[*policyv1.PodDisruptionBudget](t, installation, API+"-pdb").Spec.MinAvailable.IntValue(); got != left {
			t.Errorf("%s replicas: %d must stay, want %d", value, got, left)
		}
		if got := find[*policyv1.PodDisruptionBudget](t, installation, Controller+"-pdb").Spec.MinAvailable.IntValue(); got != 1 {
			t.Errorf("another component's budget is %d", got)
		}
	}
}

func TestFlags(t *testing.T) {
	given := &v1.Flags{API: map[string]string{"v": "5", "Leader": "true", "off": "false", "bare": ""}, Handler: map[string]string{"v": "1"}}
	installation, err := customized(t, v1.CustomizeComponents{Flags: given})
	if err != nil {
		t.Fatal(err)
	}
	args := func(name string) []string {
		return find[*appsv1.Deployment](t, installation, name).Spec.Template.Spec.Containers[0].Args
	}
	last := args(API)[len(args(API))-5:]
	if want := []string{"--bare", "--leader=true", "--off=false", "--v", "5"}; !slices.Equal(last, want) {
		t.Errorf("arguments end with %q, want %q", last, want)
	}
	if command := find[*appsv1.Deployment](t, installation, API).Spec.Template.Spec.Containers[0].Command; !slices.Equal(command, []string{Binary, "api"}) {
		t.Errorf("command %q", command)
	}
	if slices.Contains(args(Controller), "--v") {
		t.Errorf("virt-controller has %q", args(Controller))
	}
}

// TestFlagsThatAreNot: the binary says which flags it has.
func TestFlagsThatAreNot(t *testing.T) {
	env := environment
	env.Accepts = func(actor string, args []string) error {
		if actor == "handler" || slices.Equal(args, []string{"--v", "5"}) {
			return nil
		}
		return errors.New("unknown flag for " + actor)
	}
	for name, test := range map[string]struct {
		flags   v1.Flags
		refused string
	}{
		"known":         {v1.Flags{API: map[string]string{"V": "5"}, Handler: map[string]string{"x": "y"}}, ""},
		"unknown":       {v1.Flags{Controller: map[string]string{"x": "y"}}, `spec.customizeComponents.flags.controller[x]: Invalid value: "y": unknown flag for controller`},
		"the namespace": {v1.Flags{Handler: map[string]string{"Namespace": "y"}}, `flags.handler[Namespace]: Forbidden`},
	} {
		kv := &v1.KubeVirt{Spec: v1.KubeVirtSpec{CustomizeComponents: v1.CustomizeComponents{Flags: &test.flags}}}
		errs := CheckCustomizations(env, kv)
		if (len(errs) > 0) != (test.refused != "") || len(errs) > 0 && !strings.Contains(errs.ToAggregate().Error(), test.refused) {
			t.Errorf("%s: %v, want %q", name, errs, test.refused)
		}
		config, err := NewConfig(env, kv, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(config, nil); (err != nil) != (test.refused != "") {
			t.Errorf("%s: installed with %v", name, err)
		}
	}
}

// TestEdgeFlags: where virt-api and virt-controller are one program, it gets the flags of both.
func TestEdgeFlags(t *testing.T) {
	kv := &v1.KubeVirt{}
	kv.Annotations = map[string]string{v1.AnnotationProfile: v1.ProfileEdge}
	kv.Spec.CustomizeComponents.Flags = &v1.Flags{API: map[string]string{"a": "1"}, Controller: map[string]string{"b": "2"}}
	installation, err := New(configOf(t, kv, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	args := find[*appsv1.Deployment](t, installation, API).Spec.Template.Spec.Containers[0].Args
	if last := args[len(args)-4:]; !slices.Equal(last, []string{"--a", "1", "--b", "2"}) {
		t.Errorf("arguments end with %q", last)
	}
}
