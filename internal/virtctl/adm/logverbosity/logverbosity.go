package logverbosity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/validate"
	"kubevirt.io/kubevirt/internal/virtctl/installation"
)

const (
	maxLevel     = 9
	defaultLevel = 2
	// show is the value of a flag that was given without one.
	show = 10
	// unset is the value of a flag that was not given.
	unset = 11
	// all is the flag for every component.
	all = "all"
)

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

// settable tells whether this version takes a level of the component at all.
func (c *component) settable() bool {
	return len(validate.Unsupported(v1.KindKubeVirt, withLevels(map[string]any{c.field: defaultLevel}))) == 0
}

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
	// left are the components that --all did not reach.
	left []string
}

// decide reads the flags.
func decide(levels map[string]uint, reset bool) (change, error) {
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
		level, own := levels[component.name], true
		if level == unset {
			level, own = levels[all], false
		}
		switch {
		case level == unset:
		case level == show:
			c.shown = append(c.shown, component)
		case level > maxLevel:
			return c, fmt.Errorf("a log level is from 0 to %d, not %d", maxLevel, level)
		case !own && !component.settable():
			c.left = append(c.left, component.name)
		default:
			c.written[component.field] = level
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

func run(ctx context.Context, objects dynamic.Interface, c change, out io.Writer) error {
	kubeVirt, err := installation.Find(ctx, objects)
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
	_, err = objects.Resource(installation.Resource).Namespace(kubeVirt.Namespace).
		Patch(ctx, kubeVirt.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("setting the log levels in the KubeVirt object %s/%s: %w", kubeVirt.Namespace, kubeVirt.Name, err)
	}
	fmt.Fprintln(out, "successfully set/reset the log verbosity")
	if len(c.left) > 0 {
		fmt.Fprintf(out, "left as they are, since this version takes no level for them: %s\n", strings.Join(c.left, ", "))
	}
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
