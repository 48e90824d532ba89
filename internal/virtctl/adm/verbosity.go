package adm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	maxLevel     = 9
	defaultLevel = 2
	// show is what a flag holds that was given without a value.
	show = "show"
	// all is the flag for every component.
	all = "all"
)

// level is what the flag of a component says; its zero value is a flag not given.
type level struct {
	given, shown bool
	value        uint
}

// Set implements pflag.Value.
func (l *level) Set(text string) error {
	if text == show {
		*l = level{given: true, shown: true}
		return nil
	}
	value, err := strconv.ParseUint(text, 10, 8)
	if err != nil || value > maxLevel {
		return fmt.Errorf("a log level is from 0 to %d", maxLevel)
	}
	*l = level{given: true, value: uint(value)}
	return nil
}

// String implements pflag.Value. Scripts know 11 as the default that is no level.
func (l *level) String() string {
	switch {
	case l.shown:
		return show
	case l.given:
		return strconv.FormatUint(uint64(l.value), 10)
	}
	return "11"
}

// Type implements pflag.Value.
func (l *level) Type() string { return "uint" }

// component is one with a log level of its own, whose flag is its name.
type component struct {
	name, field string
	level       func(*v1.LogVerbosity) *uint
}

var components = []component{
	{"virt-api", "virtAPI", func(v *v1.LogVerbosity) *uint { return &v.VirtAPI }},
	{"virt-controller", "virtController", func(v *v1.LogVerbosity) *uint { return &v.VirtController }},
	{"virt-handler", "virtHandler", func(v *v1.LogVerbosity) *uint { return &v.VirtHandler }},
	{"virt-launcher", "virtLauncher", func(v *v1.LogVerbosity) *uint { return &v.VirtLauncher }},
	{"virt-operator", "virtOperator", func(v *v1.LogVerbosity) *uint { return &v.VirtOperator }},
}

// otherFields are the levels that no flag sets but --reset clears.
var otherFields = []string{"virtSynchronizationController", "nodeVerbosity"}

// withLevels is the part of a KubeVirt object that has the levels.
func withLevels(levels map[string]any) map[string]any {
	return map[string]any{"spec": map[string]any{"configuration": map[string]any{
		"developerConfiguration": map[string]any{"logVerbosity": levels},
	}}}
}

// change is what the flags ask for.
type change struct {
	// shown are the components whose levels are printed; then nothing is written.
	shown []component
	// written are the new levels by field, nil for one that is cleared.
	written map[string]any
}

// decide reads the flags.
func decide(levels map[string]*level, reset bool) (change, error) {
	c := change{written: map[string]any{}}
	if reset {
		for _, field := range otherFields {
			c.written[field] = nil
		}
	}
	for _, component := range components {
		if reset {
			c.written[component.field] = nil
		}
		level := levels[component.name]
		if !level.given {
			level = levels[all]
		}
		switch {
		case !level.given:
		case level.shown:
			c.shown = append(c.shown, component)
		default:
			c.written[component.field] = level.value
		}
	}
	if len(c.shown) > 0 && len(c.written) > 0 {
		return c, errors.New("levels are either shown or changed: give every component a value, or none")
	}
	if len(c.shown) == 0 && len(c.written) == 0 {
		c.shown = components
	}
	return c, nil
}

func setLevels(ctx context.Context, objects dynamic.Interface, c change, out io.Writer) error {
	kubeVirt, err := find(ctx, objects)
	if err != nil {
		return err
	}
	if len(c.shown) > 0 {
		return printLevels(out, c.shown, kubeVirt.Spec.Configuration.DeveloperConfiguration)
	}
	patch, err := json.Marshal(withLevels(c.written))
	if err != nil {
		return fmt.Errorf("encoding the levels: %w", err)
	}
	_, err = objects.Resource(kubeVirts).Namespace(kubeVirt.Namespace).
		Patch(ctx, kubeVirt.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("setting the log levels in the KubeVirt object %s/%s: %w", kubeVirt.Namespace, kubeVirt.Name, err)
	}
	fmt.Fprintln(out, "successfully set/reset the log verbosity")
	return nil
}

func printLevels(out io.Writer, shown []component, developer *v1.DeveloperConfiguration) error {
	verbosity := &v1.LogVerbosity{}
	if developer != nil && developer.LogVerbosity != nil {
		verbosity = developer.LogVerbosity
	}
	for _, component := range shown {
		level := *component.level(verbosity)
		if level == 0 {
			level = defaultLevel
		}
		if _, err := fmt.Fprintf(out, "%s=%d\n", component.name, level); err != nil {
			return err
		}
	}
	return nil
}
