package fuzz

import (
	"maps"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
)

// dice decides by the bytes of a fuzzer's input. When they are used up it says no to
// everything that is not required, so that every object ends.
type dice struct{ data []byte }

// roll returns a number below n.
func (d *dice) roll(n int) int {
	if len(d.data) == 0 || n <= 1 {
		return 0
	}
	value := int(d.data[0])
	d.data = d.data[1:]
	return value * n / 256
}

func (d *dice) chance(percent int) bool { return d.roll(100)+percent >= 100 }

func pick[T any](d *dice, from []T) T { return from[d.roll(len(from))] }

// mostly picks the first, which is a good one, in most cases.
func mostly[T any](d *dice, from []T) T {
	if !d.chance(30) {
		return from[0]
	}
	return pick(d, from)
}

// refused are the paths at and below which admission turns everything away.
var refused = sync.OnceValue(func() map[string]bool {
	rows, err := ledger.Load(v1.KindVirtualMachineInstance)
	if err != nil {
		panic(err)
	}
	all := map[string]bool{}
	for _, row := range rows {
		for _, path := range prefixes(row.Path) {
			others, known := all[path]
			all[path] = row.State == ledger.Refused && (others || !known)
		}
	}
	return all
})

// prefixes are a path and all that it is below, items of lists with and without their brackets.
func prefixes(path string) []string {
	list := []string{path}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' || path[i] == '{' {
			list = append(list, path[:i])
		}
	}
	return list
}

// takes decides about a property that is not required. What is refused anyway is rare:
// it would keep all that it is part of from getting any further.
func (d *dice) takes(path string, percent int) bool {
	if refused()[path] {
		percent = 1
	}
	return d.chance(percent)
}

// Words for strings by the name of their field; the others are for all that have none.
var (
	words = map[string][]string{
		"image":             {"registry/guest:1", "guest@sha256:0000000000000000000000000000000000000000000000000000000000000000", "UPPER"},
		"path":              {"/disk/a.img", "/disk", "/", "relative", "/../../etc/shadow", "/dev/sda", "/var/run/kubevirt/x", "/srv/shared"},
		"kernelPath":        {"/boot/vmlinuz", "/", "boot", "/../../etc/shadow"},
		"initrdPath":        {"/boot/initrd", "/", "boot", "/../x"},
		"userData":          {"#cloud-config\n", "\x00", "#!/bin/sh"},
		"userDataBase64":    {"I2Nsb3VkLWNvbmZpZwo=", "not base64!", "===="},
		"networkData":       {"version: 2\n", "{"},
		"macAddress":        {"02:00:00:00:00:01", "de-ad-be-ef-00-00", "02:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"},
		"pciAddress":        {"0000:00:05.0", "0000:01:1f.7", "0000:00:20.0", "5", "ffff:ff:1f.7"},
		"networkName":       {"lan", "ns/lan", "a/b/c"},
		"vmNetworkCIDR":     {"10.0.2.0/24", "10.1.0.0/30", "10.1.0.0/32", "nonsense"},
		"vmIPv6NetworkCIDR": {"fd10:0:2::/120", "fd00::/126", "fd00::/128", "::/0"},
		"ntpServers":        {"10.0.0.1", "ntp.example", "fd00::1"},
		"nameservers":       {"10.0.0.10", "x"},
		"hostname":          {"guest", "guest.domain", "-", "a-name-that-is-longer-than-the-sixty-three-bytes-that-a-label-may-have"},
		"subdomain":         {"sub", "Sub", "a.b"},
		"model":             {"virtio", "e1000", "e1000e", "host-model", "host-passthrough", "Nehalem", "ich9", "isa"},
		"bus":               {"virtio", "sata", "scsi", "usb", "ide"},
		"serial":            {"abc", "a b", "<>&\"'", "0123456789012345678901234567890123456789"},
		"fieldPath":         {"metadata.labels", "metadata.name", "spec.x"},
		"kernelArgs":        {"console=ttyS0", "a=\"b c\" <x>"},
		"machine":           {"q35", "pc-q35-10.0"},
		"tag":               {"blue", "<&>"},
		"volumeLabel":       {"cfgdata", "a label of more than thirty-two bytes length", "é"},
	}
	others     = []string{"a", "", "a-b", "A_B", "../x", "<x>&", "é", "\x00", "0123456789012345678901234567890123456789012345678901234567890123"}
	quantities = []any{"1Gi", "64Mi", "1", "100m", "0", "-1", int64(5), "1e30", "1500M"}
	integers   = []int64{1, 0, 2, 3, 80, 512, 4096, 1 << 20, 65535, 65536, -1, 1<<31 - 1}
)

// value makes something that has the shape of a schema: of the right type and one of
// the values allowed, but within no further bounds.
func (d *dice) value(path string, schema *apiextensionsv1.JSONSchemaProps, depth int) any {
	switch {
	case len(schema.Enum) > 0:
		raw := string(pick(d, schema.Enum).Raw)
		return raw[1 : len(raw)-1] // all of them are strings
	case schema.XIntOrString:
		return mostly(d, quantities)
	}
	switch schema.Type {
	case "object":
		return d.object(path, schema, depth)
	case "array":
		var list []any
		for range d.roll(3) {
			list = append(list, d.value(path+"[]", schema.Items.Schema, depth+1))
		}
		return list
	case "string":
		name := path[strings.LastIndex(path, ".")+1:]
		if known := words[strings.TrimSuffix(name, "[]")]; known != nil {
			return mostly(d, known)
		}
		return mostly(d, others)
	case "integer", "number":
		return mostly(d, integers)
	case "boolean":
		return d.chance(50)
	}
	return nil
}

func (d *dice) object(path string, schema *apiextensionsv1.JSONSchemaProps, depth int) map[string]any {
	made := map[string]any{}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		for range d.roll(3) {
			made[pick(d, others)] = d.value(path+"{}", schema.AdditionalProperties.Schema, depth+1)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if slices.Contains(schema.Required, name) || d.takes(path+"."+name, 25/(depth+1)) {
			property := schema.Properties[name]
			made[name] = d.value(path+"."+name, &property, depth+1)
		}
	}
	return made
}
