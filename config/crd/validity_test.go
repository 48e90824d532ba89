package crd

import (
	"context"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// TestAPIServerAcceptsTheCRDs runs the API server's own checks: structural schemas, defaults that fit, rules
// that compile and stay within their cost.
func TestAPIServerAcceptsTheCRDs(t *testing.T) {
	for _, crd := range all(t) {
		t.Run(crd.Name, func(t *testing.T) {
			crd := crd.DeepCopy()
			apiextensionsv1.SetDefaults_CustomResourceDefinition(crd)
			apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
			internal := &apiextensions.CustomResourceDefinition{}
			if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil); err != nil {
				t.Fatal(err)
			}
			for _, version := range internal.Spec.Versions {
				if version.Storage {
					internal.Status.StoredVersions = []string{version.Name}
				}
			}
			for _, err := range crdvalidation.ValidateCustomResourceDefinition(context.Background(), internal) {
				t.Error(err)
			}
		})
	}
}

// checked is what the API server would do with an object under strict validation.
type checked struct {
	unknown []string
	invalid field.ErrorList
}

func (c checked) String() string {
	parts := slices.Clone(c.unknown)
	for _, err := range c.invalid {
		parts = append(parts, err.Error())
	}
	return strings.Join(parts, "\n")
}

func check(t *testing.T, kind, version, manifest string) checked {
	t.Helper()
	object := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(manifest), &object); err != nil {
		t.Fatal(err)
	}
	schema := &apiextensions.JSONSchemaProps{}
	for _, crd := range all(t) {
		for _, v := range crd.Spec.Versions {
			if crd.Spec.Names.Kind == kind && v.Name == version {
				if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, schema, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	structural, err := structuralschema.NewStructural(schema)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(schema)
	if err != nil {
		t.Fatal(err)
	}
	out := checked{invalid: validation.ValidateCustomResource(nil, object, validator)}
	rules, _ := cel.NewValidator(structural, true, celconfig.PerCallLimit).Validate(context.Background(), nil, structural, object, nil, celconfig.RuntimeCELCostBudget)
	out.invalid = append(out.invalid, rules...)
	out.unknown = pruning.PruneWithOptions(object, structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	return out
}

const machine = `
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: vm, namespace: default}
spec:
  runStrategy: Always
  dataVolumeTemplates:
  - metadata: {name: root, creationTimestamp: null, labels: {a: b}}
    spec:
      source: {registry: {url: "docker://registry/disk"}}
      storage: {resources: {requests: {storage: 10Gi}}}
  template:
    metadata:
      creationTimestamp: null
      labels: {kubevirt.io/vm: vm}
      annotations: {vm.kubevirt.io/os: linux}
    spec:
      terminationGracePeriodSeconds: 30
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}
      domain:
        cpu: {cores: 2, sockets: 1, threads: 1, features: [{name: vmx, policy: disable}]}
        memory: {guest: 1Gi}
        resources: {requests: {memory: 1024M, cpu: 1}}
        firmware: {bootloader: {efi: {secureBoot: false}}}
        features: {acpi: {}, smm: {enabled: true}, hyperv: {spinlocks: {spinlocks: 8191}}}
        clock: {utc: {}, timer: {hpet: {present: false}}}
        devices:
          disks:
          - {name: root, disk: {bus: virtio}, bootOrder: 1}
          - {name: cloudinit, disk: {bus: virtio}}
          interfaces: [{name: default, masquerade: {}, ports: [{port: 80}]}]
          rng: {}
          tpm: {}
      networks: [{name: default, pod: {}}]
      volumes:
      - {name: root, containerDisk: {image: registry/disk}}
      - {name: cloudinit, cloudInitNoCloud: {userData: "#cloud-config"}}
      - {name: scratch, emptyDisk: {capacity: 2Gi}}
      - {name: config, configMap: {name: config}}
      - {name: shared, containerPath: {path: /usr/share, readOnly: true}}
`

func TestValidManifestPassesStrictValidation(t *testing.T) {
	for _, version := range []string{"v1", "v1alpha3"} {
		if got := check(t, "VirtualMachine", version, machine); got.String() != "" {
			t.Errorf("%s: %s", version, got)
		}
	}
}

// TestWrongManifestsAreRefusedByField changes one thing in the valid manifest at a time.
func TestWrongManifestsAreRefusedByField(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"string for a number":     {"cores: 2", `cores: "two"`, "spec.template.spec.domain.cpu.cores"},
		"number for a string":     {"image: registry/disk", "image: 5", "spec.template.spec.volumes[0].containerDisk.image"},
		"list for an object":      {"rng: {}", "rng: []", "spec.template.spec.domain.devices.rng"},
		"unknown field":           {"bus: virtio}, bootOrder", "buss: virtio}, bootOrder", "spec.template.spec.domain.devices.disks[0].disk.buss"},
		"field in a foreign type": {"operator: Exists", "operator: Exists, verb: x", "matchExpressions[0].verb"},
		"not a quantity":          {"guest: 1Gi", "guest: much", "spec.template.spec.domain.memory.guest"},
		"required field missing":  {"{name: scratch, emptyDisk: {capacity: 2Gi}}", "{name: scratch, emptyDisk: {}}", "spec.template.spec.volumes[2].emptyDisk.capacity"},
		"relative path":           {"path: /usr/share", "path: usr/share", "path must be absolute"},
		"path upwards":            {"path: /usr/share", "path: /usr/../etc", "path must not contain"},
		"writable container path": {"readOnly: true", "readOnly: false", "readOnly must be true"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(machine, c.old) {
				t.Fatalf("%q is not in the manifest", c.old)
			}
			got := check(t, "VirtualMachine", "v1", strings.Replace(machine, c.old, c.new, 1))
			if !strings.Contains(got.String(), c.want) {
				t.Errorf("got %q, want it to name %s", got, c.want)
			}
		})
	}
}

func TestBindingPluginRules(t *testing.T) {
	const cluster = `
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: kubevirt}
spec:
  configuration:
    network:
      defaultNetworkInterface: bridge
      binding:
        fast:
          sidecarImage: registry/fast
          networkAttachmentDefinition: kube-system/fast.binding
          domainAttachmentType: managedTap
          downwardAPI: device-info
          migration: {method: link-refresh}
          computeResourceOverhead: {requests: {memory: 10Mi}}
`
	if got := check(t, "KubeVirt", "v1", cluster); got.String() != "" {
		t.Error(got)
	}
	for old, c := range map[string]struct{ changed, want string }{
		"defaultNetworkInterface: bridge": {"defaultNetworkInterface: slirp", "network.defaultNetworkInterface"},
		"kube-system/fast.binding":        {"a/b/c", "fast.networkAttachmentDefinition"},
		"managedTap":                      {"socket", "fast.domainAttachmentType"},
		"device-info":                     {"everything", "fast.downwardAPI"},
		"link-refresh":                    {"teleport", "fast.migration.method"},
	} {
		got := check(t, "KubeVirt", "v1", strings.Replace(cluster, old, c.changed, 1))
		if !strings.Contains(got.String(), c.want) {
			t.Errorf("%s: got %q, want it to name %s", c.changed, got, c.want)
		}
	}
}

func TestBackupRules(t *testing.T) {
	const backup = `
apiVersion: backup.kubevirt.io/v1alpha1
kind: VirtualMachineBackup
metadata: {name: b}
spec:
  source: {apiGroup: kubevirt.io, kind: VirtualMachine, name: vm}
  mode: Push
  pvcName: target
`
	if got := check(t, "VirtualMachineBackup", "v1alpha1", backup); got.String() != "" {
		t.Error(got)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no group":             {"apiGroup: kubevirt.io, ", "", "apiGroup must be set"},
		"other group":          {"apiGroup: kubevirt.io", "apiGroup: apps", "apiGroup must be kubevirt.io or"},
		"kind of other group":  {"kind: VirtualMachine,", "kind: VirtualMachineBackupTracker,", "kind must be"},
		"tracker, wrong group": {"apiGroup: kubevirt.io", "apiGroup: backup.kubevirt.io", "kind must be"},
		"no name":              {"name: vm", `name: ""`, "name must not be empty"},
		"no claim":             {"  pvcName: target\n", "", "pvcName must be set"},
		"pull without token":   {"mode: Push", "mode: Pull", "mode Pull requires tokenSecretRef"},
		"unknown mode":         {"mode: Push", "mode: Shove", "spec.mode"},
	} {
		t.Run(name, func(t *testing.T) {
			got := check(t, "VirtualMachineBackup", "v1alpha1", strings.Replace(backup, c.old, c.new, 1))
			if !strings.Contains(got.String(), c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
