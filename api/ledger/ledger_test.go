package ledger

import (
	"reflect"
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

var roots = map[string]reflect.Type{
	"VirtualMachine":         reflect.TypeFor[v1.VirtualMachine](),
	"VirtualMachineInstance": reflect.TypeFor[v1.VirtualMachineInstance](),
	"KubeVirt":               reflect.TypeFor[v1.KubeVirt](),

	"VirtualMachineInstanceReplicaSet": reflect.TypeFor[v1.VirtualMachineInstanceReplicaSet](),
	"VirtualMachinePool":               reflect.TypeFor[poolv1beta1.VirtualMachinePool](),
}

func TestLedgerListsEveryLeafOfTheTypes(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) {
			rows, err := Load(kind)
			if err != nil {
				t.Fatal(err)
			}
			leaves := map[string]string{}
			collect(roots[kind], "", leaves)
			listed := map[string]bool{}
			for _, row := range rows {
				listed[row.Path] = true
				want, ok := leaves[row.Path]
				// A full-range uint32 does not fit the schema's int32 and is declared int64.
				widened := want == "uint32" && row.Type == "integer:int64"
				if want == "uint32" {
					want = "integer:int32"
				}
				if !ok {
					t.Errorf("%s is in the ledger but not in the types", row.Path)
				} else if row.Type != want && !widened {
					t.Errorf("%s is %s in the ledger but %s in the types", row.Path, row.Type, want)
				}
			}
			for path := range leaves {
				if !listed[path] {
					t.Errorf("%s is in the types but not in the ledger", path)
				}
			}
		})
	}
}

// collect gathers the leaves of a struct with their wire types; uint32 stays apart, see the test.
func collect(t reflect.Type, path string, leaves map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if options == "inline" {
			// A root's own kind and apiVersion are not leaves, an embedded object's are.
			if path != "" || isOurs(field.Type) {
				collect(field.Type, path, leaves)
			}
			continue
		}
		if path == "" && name == "metadata" {
			continue
		}
		visit(field.Type, strings.TrimPrefix(path+"."+name, "."), leaves)
	}
}

func visit(t reflect.Type, path string, leaves map[string]string) {
	t = deref(t)
	switch {
	case t == reflect.TypeFor[v1.VirtualMachineInstanceSpec]() && strings.HasSuffix(path, "template.spec"):
		leaves[path] = "object"
	case t == reflect.TypeFor[v1.VirtualMachineSpec]() && strings.HasSuffix(path, "virtualMachineTemplate.spec"):
		leaves[path] = "object"
	case t.Kind() == reflect.Struct && isOurs(t) && t.NumField() > 0:
		collect(t, path, leaves)
	case t.Kind() == reflect.Slice && isOurStruct(t.Elem()):
		collect(deref(t.Elem()), path+"[]", leaves)
	case t.Kind() == reflect.Map && isOurStruct(t.Elem()):
		collect(deref(t.Elem()), path+"{}", leaves)
	default:
		leaves[path] = wireType(t)
	}
}

func wireType(t reflect.Type) string {
	switch t.PkgPath() + "." + t.Name() {
	case "k8s.io/apimachinery/pkg/api/resource.Quantity", "k8s.io/apimachinery/pkg/util/intstr.IntOrString":
		return "int-or-string"
	case "k8s.io/apimachinery/pkg/apis/meta/v1.Time":
		return "string:date-time"
	case "k8s.io/apimachinery/pkg/apis/meta/v1.Duration":
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Uint, reflect.Uint8:
		return "integer"
	case reflect.Int32:
		return "integer:int32"
	case reflect.Uint32:
		return "uint32"
	case reflect.Int64, reflect.Uint64:
		return "integer:int64"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	case reflect.Map:
		return "map"
	case reflect.Struct:
		return "object"
	}
	return "no wire type for " + t.String()
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func isOurs(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), "kubevirt.io/") }

func isOurStruct(t reflect.Type) bool { t = deref(t); return isOurs(t) && t.Kind() == reflect.Struct }

func TestParseRefusesMalformedTables(t *testing.T) {
	for name, table := range map[string]string{
		"too few columns":       "spec.a\tstring",
		"too many columns":      "spec.a\tstring\trefused\tx\ty\tz",
		"unknown state":         "spec.a\tstring\tignored",
		"status state in spec":  "spec.a\tstring\tstatus",
		"spec state in status":  "status.a\tstring\trefused",
		"the same leaf, twice":  "spec.a\tstring\trefused\nspec.a\tstring\trefused",
		"empty state in status": "status.a\tstring\t",
		"only of no value":      "spec.a\tboolean\trefused\t\tonly: no; b",
		"only of what is there": "spec.a\tboolean\tcontrol-plane\tx\tonly: false; b",
	} {
		t.Run(name, func(t *testing.T) {
			if rows, err := parse([]byte(table)); err == nil {
				t.Errorf("parsed as %v", rows)
			}
		})
	}
}

func TestParseReadsEveryColumn(t *testing.T) {
	rows, err := parse([]byte("# head\n\nspec.a[].b\tinteger:int32\timplemented\tdomain: //b\tsee c\nspec.c\tboolean\trefused\t\tonly: false; no d yet\nstatus.d\tstring\tstatus\n"))
	want := []Row{
		{Path: "spec.a[].b", Type: "integer:int32", State: Implemented, Where: "domain: //b", Note: "see c"},
		{Path: "spec.c", Type: "boolean", State: Refused, Note: "no d yet", Only: false},
		{Path: "status.d", Type: "string", State: Status},
	}
	if err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestLoadFailsForUnknownKind(t *testing.T) {
	if _, err := Load("Toaster"); err == nil {
		t.Error("no error")
	}
}
