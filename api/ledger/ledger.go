// Package ledger lists every leaf of the kinds that have a controller and says what becomes of it, so that no
// field of the API can be silently ignored.
//
// The list of a kind is a table of tab-separated columns, one leaf a line:
//
//	path   where the leaf is, as in a manifest; [] stands for a list's items, {} for a map's values
//	type   how the CRD types it: string, boolean, integer:int32, int-or-string, array, map, object ...
//	state  one of the State constants
//	where  what proves the state: a test, a manifest pair, the place in the domain or pod that changes
//	note   anything a reader should know
//
// The note of a refused leaf says why, in words that its refusal repeats. "only: VALUE; " before it, VALUE in JSON,
// names the one value that is accepted: it asks for what is done anyway.
//
// A leaf is a scalar, a list or map of scalars, a type of Kubernetes itself (an affinity, a toleration), or an
// object without fields. apiVersion, kind and metadata are not listed. The instance inside a VirtualMachine's
// template is one leaf there: its own leaves are the VirtualMachineInstance's. So is the machine inside a
// VirtualMachinePool's template.
package ledger

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

// State says what becomes of a leaf.
type State string

const (
	// Implemented leaves change the launcher pod or the domain, at the place the row names.
	Implemented State = "implemented"
	// Refused leaves are turned away at admission, by their path.
	Refused State = "refused"
	// ControlPlane leaves change what the control plane does, as the test the row names shows.
	ControlPlane State = "control-plane"
	// Status leaves are filled by the system, as the test the row names sees.
	Status State = "status"
)

// Row is one leaf of a kind.
type Row struct {
	// Path is where the leaf is in a manifest, such as spec.volumes[].name.
	Path string
	// Type is the leaf's type in the CRD's schema, with the format after a colon.
	Type string
	// State says what becomes of the leaf.
	State State
	// Where names what proves the state.
	Where string
	// Note is for readers.
	Note string
	// Only is the one value of a refused leaf that is accepted, as JSON decodes it; nil if there is none.
	Only any
}

//go:embed *.tsv
var tables embed.FS

// Kinds returns the kinds that have a list.
func Kinds() []string {
	return []string{"VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceReplicaSet", "VirtualMachinePool", "KubeVirt"}
}

// Load returns the rows of a kind in the order of its table. It fails for a kind without a table and for a
// malformed one: a wrong number of columns, an unknown state, a path listed twice.
func Load(kind string) ([]Row, error) {
	data, err := tables.ReadFile(strings.ToLower(kind) + ".tsv")
	if err != nil {
		return nil, fmt.Errorf("no ledger of kind %s: %w", kind, err)
	}
	rows, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("ledger of kind %s: %w", kind, err)
	}
	return rows, nil
}

func parse(data []byte) ([]Row, error) {
	var rows []Row
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			row, err := parseRow(line)
			if err == nil && seen[row.Path] {
				err = fmt.Errorf("%s is listed twice", row.Path)
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			seen[row.Path] = true
			rows = append(rows, row)
		}
	}
	return rows, lines.Err()
}

func parseRow(line string) (Row, error) {
	// Trailing empty columns may be left out.
	columns := strings.Split(line, "\t")
	if len(columns) < 3 || len(columns) > 5 {
		return Row{}, fmt.Errorf("%d columns, want 3 to 5", len(columns))
	}
	columns = append(columns, "", "")
	row := Row{Path: columns[0], Type: columns[1], State: State(columns[2]), Where: columns[3], Note: columns[4]}
	if value, ok := strings.CutPrefix(row.Note, "only: "); ok {
		value, row.Note, _ = strings.Cut(value, "; ")
		if err := json.Unmarshal([]byte(value), &row.Only); err != nil || row.State != Refused {
			return Row{}, fmt.Errorf("%s: only %s, of state %s: %w", row.Path, value, row.State, err)
		}
	}
	isStatus := row.Path == "status" || strings.HasPrefix(row.Path, "status.")
	switch row.State {
	case Implemented, Refused, ControlPlane:
		if isStatus {
			return Row{}, fmt.Errorf("%s: state %s on a status leaf", row.Path, row.State)
		}
	case Status:
		if !isStatus {
			return Row{}, fmt.Errorf("%s: state %s outside status", row.Path, row.State)
		}
	default:
		return Row{}, fmt.Errorf("%s: unknown state %q", row.Path, row.State)
	}
	return row, nil
}
