// Package target reads how users name a guest: TYPE/NAME[/NAMESPACE].
package target

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// Target is one guest.
type Target struct {
	// Kind is vm or vmi.
	Kind string
	// Resource of the kind.
	Resource string
	Name     string
	// Namespace is empty where the user leaves it to the flags and the kubeconfig.
	Namespace string
}

// kinds by the words that people have for them.
var kinds = map[string]string{
	"vm": "vm", "vms": "vm", "virtualmachine": "vm", "virtualmachines": "vm",
	"vmi": "vmi", "vmis": "vmi", "virtualmachineinstance": "vmi", "virtualmachineinstances": "vmi",
	"vmirs": "vmirs", "vmirss": "vmirs",
	"virtualmachineinstancereplicaset": "vmirs", "virtualmachineinstancereplicasets": "vmirs",
}

// KindOf returns vm, vmi or vmirs for a word that names one of them in any case, and
// nothing for others.
func KindOf(word string) string { return kinds[strings.ToLower(word)] }

// resources of the kinds that have one guest.
var resources = map[string]string{"vm": client.MachineResource, "vmi": client.InstanceResource}

// Parse reads a target.
func Parse(s string) (Target, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return Target{}, fmt.Errorf("%q does not name a guest: write vm/NAME[/NAMESPACE] or vmi/NAME[/NAMESPACE]", s)
	}
	kind := KindOf(parts[0])
	if resources[kind] == "" {
		return Target{}, fmt.Errorf("%q has no guest: write vm/NAME[/NAMESPACE] or vmi/NAME[/NAMESPACE]", parts[0])
	}
	t := Target{Kind: kind, Resource: resources[kind], Name: parts[1]}
	if problems := validation.IsDNS1123Subdomain(t.Name); len(problems) > 0 {
		return Target{}, fmt.Errorf("%q in %q is not the name of an object: %s", t.Name, s, problems[0])
	}
	if len(parts) == 3 {
		t.Namespace = parts[2]
		if problems := validation.IsDNS1123Label(t.Namespace); len(problems) > 0 {
			return Target{}, fmt.Errorf("%q in %q is not the name of a namespace: %s", t.Namespace, s, problems[0])
		}
	}
	return t, nil
}

// ParseLogin reads a target with a user's name before it: [USER@]TYPE/NAME[/NAMESPACE].
func ParseLogin(s string) (user string, t Target, err error) {
	// The name of a user may hold an @, that of an object may not.
	if at := strings.LastIndex(s, "@"); at >= 0 {
		if user = s[:at]; user == "" {
			return "", Target{}, fmt.Errorf("%q names no user before the @", s)
		}
		s = s[at+1:]
	}
	t, err = Parse(s)
	return user, t, err
}

// In returns the target with its namespace filled in where the user left it out.
func (t Target) In(namespace string) Target {
	if t.Namespace == "" {
		t.Namespace = namespace
	}
	return t
}

// String is the form that Parse reads.
func (t Target) String() string {
	s := t.Kind + "/" + t.Name
	if t.Namespace != "" {
		s += "/" + t.Namespace
	}
	return s
}

// Host is what an ssh client knows the guest by.
func (t Target) Host() string { return t.Kind + "." + t.Name + "." + t.Namespace }
