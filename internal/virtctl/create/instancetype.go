package create

import (
	"fmt"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/validate"
)

// choice is how an instance type, or a preference, is chosen: by its name or by what
// a volume suggests.
type choice struct {
	kind, name string
	volume     string
	// optional lets the machine go without.
	optional bool
}

// chooser is what the flags say of instance types, or of preferences.
type chooser struct {
	flag        string
	kinds       []string
	named, from string
	infer       *bool
	// sized tells that the flags size the machine otherwise.
	sized bool
}

// choose decides; nil is no choice.
func (c *chooser) choose(all []volume) (*choice, error) {
	switch {
	case c.named != "":
		return c.byName()
	case c.from != "":
		volume := volumeNamed(all, c.from)
		if volume == nil {
			return nil, fmt.Errorf("--infer-%s-from %s: there is no such volume", c.flag, c.from)
		}
		return c.bySuggestion(volume, "--infer-"+c.flag+"-from")
	case c.infer != nil && !*c.infer, c.infer == nil && c.sized:
		return nil, nil
	}
	boot := bootVolume(all)
	if c.infer != nil {
		if boot == nil {
			return nil, fmt.Errorf("--infer-%s needs a volume to look at: add one, e.g. with --volume-pvc", c.flag)
		}
		return c.bySuggestion(boot, "--infer-"+c.flag)
	}
	if boot == nil || !boot.suggests {
		return nil, nil
	}
	return &choice{volume: boot.Name, optional: true}, nil
}

func (c *chooser) byName() (*choice, error) {
	kind, name, found := strings.Cut(c.named, "/")
	if !found {
		kind, name = "", c.named
	}
	if name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("--%s %s: must be [KIND/]NAME", c.flag, c.named)
	}
	if kind == "" {
		return &choice{name: name}, nil
	}
	for _, known := range c.kinds {
		if strings.EqualFold(kind, known) || strings.EqualFold(kind, known+"s") {
			return &choice{kind: known, name: name}, nil
		}
	}
	return nil, fmt.Errorf("--%s %s: the kind must be one of %s", c.flag, c.named, strings.ToLower(strings.Join(c.kinds, ", ")))
}

func (c *chooser) bySuggestion(volume *volume, flag string) (*choice, error) {
	if !volume.suggests {
		return nil, fmt.Errorf("%s: volume %s suggests nothing: only claims, and copies of claims, snapshots, data sources and registry images do",
			flag, volume.Name)
	}
	return &choice{volume: volume.Name}, nil
}

func (c *choice) policy() *v1.InferFromVolumeFailurePolicy {
	if !c.optional {
		return nil
	}
	ignore := v1.InferFromVolumeFailurePolicyIgnore
	return &ignore
}

func addInstancetype(vm *v1.VirtualMachine, o *Options, all []volume) error {
	c, err := (&chooser{
		flag: "instancetype", kinds: []string{"VirtualMachineInstancetype", "VirtualMachineClusterInstancetype"},
		named: o.Instancetype, from: o.InferInstancetypeFrom, infer: o.InferInstancetype, sized: o.MemoryGiven,
	}).choose(all)
	if c == nil || err != nil {
		return err
	}
	matcher := &v1.InstancetypeMatcher{Name: c.name, Kind: c.kind, InferFromVolume: c.volume, InferFromVolumeFailurePolicy: c.policy()}
	if !c.optional || taken(v1.VirtualMachineSpec{Instancetype: matcher}) {
		vm.Spec.Instancetype = matcher
	}
	return nil
}

func addPreference(vm *v1.VirtualMachine, o *Options, all []volume) error {
	c, err := (&chooser{
		flag: "preference", kinds: []string{"VirtualMachinePreference", "VirtualMachineClusterPreference"},
		named: o.Preference, from: o.InferPreferenceFrom, infer: o.InferPreference,
	}).choose(all)
	if c == nil || err != nil {
		return err
	}
	matcher := &v1.PreferenceMatcher{Name: c.name, Kind: c.kind, InferFromVolume: c.volume, InferFromVolumeFailurePolicy: c.policy()}
	if !c.optional || taken(v1.VirtualMachineSpec{Preference: matcher}) {
		vm.Spec.Preference = matcher
	}
	return nil
}

// taken tells whether a server of this version takes a field. One that nobody asked
// for is left out where it would have the machine refused.
func taken(spec v1.VirtualMachineSpec) bool {
	return len(validate.Unsupported(v1.KindVirtualMachine, &v1.VirtualMachine{Spec: spec})) == 0
}
