// Package fuzz sends instances that are random in shape and detail down the whole way:
// defaults, schema, admission, the launcher pod, the domain. Whatever admission accepts
// has to give a pod and a domain, or a refusal that says what it is about.
package fuzz

import (
	"context"
	"encoding/json"
	"math/rand"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/config/crd"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/internal/validate"
	"kubevirt.io/kubevirt/launcher/domain"
)

// schema is the one of a VirtualMachineInstance.
type schema struct {
	root       *apiextensionsv1.JSONSchemaProps
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

var load = sync.OnceValues(func() (*schema, error) {
	definitions, err := crd.All()
	if err != nil {
		return nil, err
	}
	s := &schema{}
	for _, definition := range definitions {
		if definition.Spec.Names.Kind == v1.KindVirtualMachineInstance {
			s.root = definition.Spec.Versions[0].Schema.OpenAPIV3Schema
		}
	}
	props := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(s.root, props, nil); err != nil {
		return nil, err
	}
	if s.structural, err = structuralschema.NewStructural(props); err != nil {
		return nil, err
	}
	s.validator, _, err = validation.NewSchemaValidator(props)
	s.rules = cel.NewValidator(s.structural, true, celconfig.PerCallLimit)
	return s, err
})

// accepts returns what the API server refuses by itself.
func (s *schema) accepts(manifest map[string]any) field.ErrorList {
	errs := validation.ValidateCustomResource(nil, manifest, s.validator)
	if len(errs) > 0 {
		return errs
	}
	errs, _ = s.rules.Validate(context.Background(), nil, s.structural, manifest, nil, celconfig.RuntimeCELCostBudget)
	return errs
}

// config has every feature on that has to be asked for, and a plugin that binds interfaces.
func config(d *dice) *clusterconfig.Config {
	kv := &v1.KubeVirt{}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{UseEmulation: d.chance(50)}
	if !d.chance(10) {
		for _, gate := range []clusterconfig.Gate{
			clusterconfig.GateHostDisk, clusterconfig.GateDownwardMetrics, clusterconfig.GateEnableVirtioFsStorageVolumes,
			clusterconfig.GateContainerPathVolumes, clusterconfig.GatePortRangesSpec, clusterconfig.GateSidecar, clusterconfig.GateVSOCK,
			clusterconfig.GateHostDevices,
		} {
			kv.Spec.Configuration.DeveloperConfiguration.FeatureGates = append(kv.Spec.Configuration.DeveloperConfiguration.FeatureGates, string(gate))
		}
	}
	kv.Spec.Configuration.Network = &v1.NetworkConfiguration{Binding: map[string]v1.InterfaceBindingPlugin{
		"a": {DomainAttachmentType: v1.DomainAttachmentTypeTap, SidecarImage: "sidecar:1"}, "a-b": {},
	}}
	return clusterconfig.New(kv)
}

// journey is how far an instance has come.
type journey struct {
	vmi *v1.VirtualMachineInstance
	// refused is who turned it away, and why: schema, admission, pod or domain.
	by, refused string
}

// travel sends what is made from the bytes down the way.
func travel(t *testing.T, data []byte) journey {
	t.Helper()
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	d := &dice{data: data}
	cfg := config(d)
	vmi := &v1.VirtualMachineInstance{}
	if err := recode(d.manifest(s.root), vmi); err != nil {
		return journey{by: "decoding", refused: err.Error()}
	}
	defaults.VirtualMachineInstance(vmi, cfg, metav1.Now(), func() types.UID { return "11111111-2222-3333-4444-555555555555" })
	manifest := map[string]any{}
	if err := recode(vmi, &manifest); err != nil {
		t.Fatal(err)
	}
	// Both are asked, whatever the first says: admission must not rely on the schema to be spared a panic.
	bySchema, byAdmission := s.accepts(manifest), validate.VirtualMachineInstance(vmi, cfg)
	switch {
	case len(bySchema) > 0:
		return journey{vmi, "schema", bySchema.ToAggregate().Error()}
	case len(byAdmission) > 0:
		return journey{vmi, "admission", byAdmission.ToAggregate().Error()}
	}
	claims := launcherpod.Claims{}
	for i := range vmi.Spec.Volumes {
		claims[vmi.Spec.Volumes[i].Name] = pick(d, []corev1.PersistentVolumeMode{corev1.PersistentVolumeFilesystem, corev1.PersistentVolumeBlock})
	}
	pod, err := launcherpod.Render(vmi, cfg, launcherpod.Options{LauncherImage: "launcher:1", WithoutImageVolumes: d.chance(50)}, claims)
	if err != nil {
		return journey{vmi, "pod", err.Error()}
	}
	checkPod(t, pod)
	built, err := domain.Build(vmi, host(d, vmi))
	if err != nil {
		return journey{vmi, "domain", err.Error()}
	}
	checkDomain(t, built)
	return journey{vmi: vmi}
}

func recode(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

// named reports whether a refusal says what it is about: a field, or the name of a part.
func named(j journey) bool {
	text := j.refused
	for i := range j.vmi.Spec.Volumes {
		text = strings.ReplaceAll(text, j.vmi.Spec.Volumes[i].Name, "spec.")
	}
	for i := range j.vmi.Spec.Networks {
		text = strings.ReplaceAll(text, j.vmi.Spec.Networks[i].Name, "spec.")
	}
	return strings.Contains(text, "spec.") || strings.Contains(text, "metadata.")
}

func FuzzInstance(f *testing.F) {
	source := rand.New(rand.NewSource(1))
	for range 32 {
		seed := make([]byte, 1024)
		source.Read(seed)
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if j := travel(t, data); j.by != "" && j.by != "decoding" && !named(j) {
			t.Errorf("the %s refuses it without a name: %s", j.by, j.refused)
		}
	})
}

// What is made must not all be turned away at the first door: the targets would prove nothing.
func TestInstancesGetThrough(t *testing.T) {
	source := rand.New(rand.NewSource(2))
	ends, volumes, bindings := map[string]int{}, map[string]bool{}, map[string]bool{}
	const tries = 1000
	for range tries {
		seed := make([]byte, 1024)
		source.Read(seed)
		j := travel(t, seed)
		ends[j.by]++
		if j.by == "pod" || j.by == "domain" {
			t.Logf("accepted, and refused by the %s: %s", j.by, j.refused)
		}
		if j.by == "" {
			note(j.vmi, volumes, bindings)
		}
	}
	t.Logf("%d of %d have a pod and a domain; %v; with %v and %v", ends[""], tries, ends, volumes, bindings)
	if ends[""] < tries/20 || len(volumes) < 8 || len(bindings) < 2 {
		t.Error("too few, or too much alike")
	}
}

// note collects the kinds of volumes and bindings of an instance.
func note(vmi *v1.VirtualMachineInstance, volumes, bindings map[string]bool) {
	for i := range vmi.Spec.Volumes {
		source := map[string]any{}
		_ = recode(vmi.Spec.Volumes[i].VolumeSource, &source)
		for kind := range source {
			volumes[kind] = true
		}
	}
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		binding := map[string]any{}
		_ = recode(vmi.Spec.Domain.Devices.Interfaces[i].InterfaceBindingMethod, &binding)
		for kind := range binding {
			bindings[kind] = true
		}
	}
}
