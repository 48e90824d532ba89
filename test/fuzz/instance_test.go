package fuzz

import (
	"fmt"
	"maps"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// manifest makes an instance in which volumes, disks and filesystems, networks and
// interfaces mostly belong together: most of what is random in every detail is refused
// for the first of them, and says nothing about the rest.
func (d *dice) manifest(root *apiextensionsv1.JSONSchemaProps) map[string]any {
	specSchema := at(root, "spec")
	domainSchema := at(specSchema, "domain")
	devicesSchema := at(domainSchema, "devices")
	const devicesPath, volumesPath, networksPath = "spec.domain.devices", "spec.volumes[]", "spec.networks[]"
	domain := d.some("spec.domain", domainSchema, 4, "devices", "memory", "resources")
	devices := d.some(devicesPath, devicesSchema, 4, "disks", "filesystems", "interfaces")
	spec := d.some("spec", specSchema, 4, "domain", "volumes", "networks")
	domain["devices"], spec["domain"] = devices, domain
	if !d.chance(3) {
		domain["memory"] = map[string]any{"guest": pick(d, []string{"128Mi", "1Gi"})}
	}
	for i := range d.roll(4) {
		name := fmt.Sprintf("volume-%d", i)
		add(spec, "volumes", d.choice(volumesPath, items(specSchema, "volumes"), name))
		if list := pick(d, []string{"disks", "disks", "disks", "disks", "disks", "filesystems"}); !d.chance(2) {
			add(devices, list, d.member(devicesPath+"."+list+"[]", items(devicesSchema, list), name))
		}
	}
	for i := range d.roll(3) {
		name := fmt.Sprintf("net-%d", i)
		network := map[string]any{"name": name, "pod": map[string]any{}}
		if i > 0 {
			network = map[string]any{"name": name, "multus": map[string]any{"networkName": mostly(d, words["networkName"])}}
		}
		if d.chance(10) {
			network = d.choice(networksPath, items(specSchema, "networks"), name)
		}
		add(spec, "networks", network)
		if !d.chance(2) {
			add(devices, "interfaces", d.nic(devicesPath+".interfaces[]", items(devicesSchema, "interfaces"), name, i == 0))
		}
	}
	return map[string]any{
		"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
		"metadata": map[string]any{"name": "guest", "namespace": "ns", "uid": "2f0a7c9a-5a7e-4a53-9b3e-1c1f5d4c2b1a"}, "spec": spec,
	}
}

func at(schema *apiextensionsv1.JSONSchemaProps, name string) *apiextensionsv1.JSONSchemaProps {
	property := schema.Properties[name]
	return &property
}

func items(schema *apiextensionsv1.JSONSchemaProps, name string) *apiextensionsv1.JSONSchemaProps {
	return at(schema, name).Items.Schema
}

func add(to map[string]any, list string, item map[string]any) {
	present, _ := to[list].([]any)
	to[list] = append(present, item)
}

// some makes few of an object's properties, and none of those that are left out.
func (d *dice) some(path string, schema *apiextensionsv1.JSONSchemaProps, percent int, without ...string) map[string]any {
	made := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if !slices.Contains(without, name) && d.takes(path+"."+name, percent) {
			made[name] = d.value(path+"."+name, at(schema, name), 1)
		}
	}
	return made
}

// choice makes an object with a name of which one property is the point, and sometimes
// another.
func (d *dice) choice(path string, schema *apiextensionsv1.JSONSchemaProps, name string) map[string]any {
	made := map[string]any{"name": name}
	if d.chance(3) {
		made = d.some(path, schema, 10)
		made["name"] = name
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(schema.Properties)), func(n string) bool {
		return n == "name" || refused()[path+"."+n]
	})
	one := pick(d, names)
	made[one] = d.value(path+"."+one, at(schema, one), 1)
	d.complete(made[one], at(schema, one))
	return made
}

// points are the properties without which their volume is refused.
var points = []string{"secretName", "claimName", "serviceAccountName", "userData", "name", "hostPath"}

// complete gives an object, or the one in it, what it is nothing without.
func (d *dice) complete(value any, schema *apiextensionsv1.JSONSchemaProps) {
	object, isObject := value.(map[string]any)
	if !isObject || d.chance(5) {
		return
	}
	for _, point := range points {
		if _, has := schema.Properties[point]; has && object[point] == nil {
			object[point] = words["userData"][0]
			if point != "userData" {
				object[point] = others[0]
			}
		}
	}
	for _, inner := range []string{"persistentVolumeClaim", "secret"} {
		if _, has := schema.Properties[inner]; has {
			object[inner] = map[string]any{"claimName": "a"}
			if inner == "secret" {
				object[inner] = map[string]any{"name": "a"}
			}
		}
	}
}

// member makes an object with a name and few other properties.
func (d *dice) member(path string, schema *apiextensionsv1.JSONSchemaProps, name string) map[string]any {
	made := d.some(path, schema, 10, "name")
	for _, required := range schema.Required {
		if made[required] == nil {
			made[required] = d.value(path+"."+required, at(schema, required), 1)
		}
	}
	made["name"] = name
	return made
}

// bindings are how an interface is bound; all but the first are rare beside others.
var bindings = []string{"masquerade", "bridge", "passtBinding", "binding", "sriov", "slirp", "macvtap", "passt"}

func (d *dice) nic(path string, schema *apiextensionsv1.JSONSchemaProps, name string, onPod bool) map[string]any {
	made := d.some(path, schema, 10, append([]string{"name"}, bindings...)...)
	binding := "bridge"
	if onPod {
		binding = bindings[d.roll(4)]
	}
	if d.chance(5) {
		binding = pick(d, bindings)
	}
	made["name"], made[binding] = name, d.value(path+"."+binding, at(schema, binding), 1)
	return made
}
