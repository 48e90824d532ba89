package validate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"kubevirt.io/kubevirt/api/ledger"
)

// Unsupported names every field of an object's spec that this version does not
// implement, as the kind's ledger says. Status is ours and not looked at.
func Unsupported(kind string, object any) field.ErrorList {
	var tree struct {
		Spec any `json:"spec"`
	}
	if err := reencode(object, &tree); err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	return unsupportedSpec(kind, field.NewPath("spec"), tree.Spec)
}

// unsupportedSpec looks at the spec of one kind, wherever it stands.
func unsupportedSpec(kind string, path *field.Path, spec any) field.ErrorList {
	rows, err := refusedPaths(kind)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	var tree, errs = any(nil), field.ErrorList(nil)
	if err := reencode(spec, &tree); err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	walk("spec", path, tree, rows, &errs)
	return errs
}

// reencode turns a typed value into maps and lists, leaving out what is unset.
func reencode(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("encoding %T: %w", from, err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("decoding %T: %w", from, err)
	}
	return nil
}

// refusals are a kind's ledger paths: refused ones, and those that hold any field that
// may be set.
type refusals struct {
	refused   map[string]ledger.Row
	supported map[string]bool
}

var refusedPaths = perKind(loadRefusals)

func perKind(load func(string) (*refusals, error)) func(string) (*refusals, error) {
	var cache sync.Map
	return func(kind string) (*refusals, error) {
		once, _ := cache.LoadOrStore(kind, sync.OnceValues(func() (*refusals, error) { return load(kind) }))
		return once.(func() (*refusals, error))()
	}
}

func loadRefusals(kind string) (*refusals, error) {
	rows, err := ledger.Load(kind)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger of %s: %w", kind, err)
	}
	r := &refusals{refused: map[string]ledger.Row{}, supported: map[string]bool{}}
	for _, row := range rows {
		if row.State == ledger.Refused {
			r.refused[row.Path] = row
		}
		if row.State == ledger.Refused && row.Only == nil {
			continue
		}
		for path := row.Path; path != ""; path = parent(path) {
			r.supported[path] = true
		}
	}
	return r, nil
}

// parent cuts the last step off a ledger path: a.b[].c, a.b[], a.b, a.
func parent(path string) string {
	for _, suffix := range []string{"[]", "{}"} {
		if cut, ok := strings.CutSuffix(path, suffix); ok {
			return cut
		}
	}
	i := strings.LastIndex(path, ".")
	return path[:max(i, 0)]
}

// walk reports the refused fields below one value. An object under which nothing
// is supported is refused as a whole, so that also an empty one, which may well
// mean something, is.
func walk(ledgerPath string, path *field.Path, value any, r *refusals, errs *field.ErrorList) {
	if value == nil || ledgerPath == "" {
		return
	}
	if row, refused := r.refused[ledgerPath]; refused {
		if row.Only == nil || !reflect.DeepEqual(value, row.Only) {
			*errs = append(*errs, notSupported(path, reason(row)))
		}
		return
	}
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			walk(ledgerPath+"[]", path.Index(i), item, r, errs)
		}
	case map[string]any:
		if note, refused := r.below(ledgerPath); refused && !r.supported[ledgerPath] {
			*errs = append(*errs, notSupported(path, note))
			return
		}
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			walk(ledgerPath+"."+key, path.Child(key), value[key], r, errs)
		}
	}
}

// below tells whether anything under a path is refused, and what there is to say.
func (r *refusals) below(path string) (note string, refused bool) {
	for inner, row := range r.refused {
		if rest, ok := strings.CutPrefix(inner, path); ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "[]") || strings.HasPrefix(rest, "{}")) {
			note, refused = max(note, row.Note), true
		}
	}
	return note, refused
}

// reason says why a field is refused, and which value would not be.
func reason(row ledger.Row) string {
	if row.Only == nil {
		return row.Note
	}
	only, err := json.Marshal(row.Only)
	if err != nil {
		return row.Note
	}
	return strings.TrimSuffix("only "+string(only)+" is: "+row.Note, ": ")
}

// notSupported refuses a field. The note says why for good, or what to use instead.
func notSupported(path *field.Path, note string) *field.Error {
	if note != "" {
		return field.Forbidden(path, path.String()+" is not supported: "+note)
	}
	return field.Forbidden(path, path.String()+" is not supported yet")
}
