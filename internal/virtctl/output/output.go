// Package output prints API objects in the form that -o asks for.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Values of the flag.
const (
	JSON = "json"
	YAML = "yaml"
	Name = "name"
)

// Flag is -o of one command.
type Flag struct {
	// Format that was asked for, or the command's default.
	Format  string
	allowed []string
}

// Add gives a command the flag; the first of the formats is its default.
func (f *Flag) Add(cmd *cobra.Command, formats ...string) {
	for _, format := range formats {
		if format != "" {
			f.allowed = append(f.allowed, format)
		}
	}
	cmd.Flags().StringVarP(&f.Format, "output", "o", formats[0], "form of what is printed: "+strings.Join(f.allowed, ", "))
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(f.allowed, cobra.ShellCompDirectiveNoFileComp))
}

// Check refuses a form that the command does not know.
func (f *Flag) Check() error {
	if f.Format == "" || slices.Contains(f.allowed, f.Format) {
		return nil
	}
	return fmt.Errorf("--output %s: must be one of %s", f.Format, strings.Join(f.allowed, ", "))
}

// Object prints an API object, which knows its kind and, for Name, its metadata.
func (f *Flag) Object(out io.Writer, object runtime.Object, resource, name string) error {
	if f.Format == Name {
		_, err := fmt.Fprintf(out, "%s/%s\n", resource, name)
		return err
	}
	// Nobody who asks for an object wants to know which client wrote which field.
	if known, err := meta.Accessor(object); err == nil {
		known.SetManagedFields(nil)
	}
	return f.Value(out, object)
}

// Value prints anything that has a form in JSON.
func (f *Flag) Value(out io.Writer, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	data = append(escaped(data), '\n')
	if f.Format == YAML {
		if data, err = yaml.JSONToYAML(data); err != nil {
			return fmt.Errorf("encoding the output: %w", err)
		}
	}
	_, err = out.Write(data)
	return err
}

// escaped writes the control characters that JSON leaves alone but a terminal obeys,
// and YAML refuses, as JSON writes the others.
func escaped(data []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(data) {
		if r >= 0x7f && unicode.IsControl(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}
