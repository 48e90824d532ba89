package expose

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"kubevirt.io/kubevirt/internal/virtctl/output"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// Options of one Service.
type Options struct {
	// Kind and Name of what is exposed.
	Kind, Name string
	// Service is the name of the Service.
	Service                              string
	ClusterIP, ExternalIP                string
	IPFamily, IPFamilyPolicy             string
	Port                                 int32
	PortName, Protocol, TargetPort, Type string
	Output                               output.Flag
	Out                                  io.Writer
}

// The kinds that can be exposed.
const (
	machine    = "vm"
	instance   = "vmi"
	replicaSet = "vmirs"
)

// What the flags allow.
var (
	protocols      = []string{"TCP", "UDP"}
	serviceTypes   = []string{"ClusterIP", "NodePort", "LoadBalancer"}
	familyPolicies = []string{"SingleStack", "PreferDualStack", "RequireDualStack"}
	families       = []string{"IPv4", "IPv6", "IPv4,IPv6", "IPv6,IPv4"}
)

// Validate refuses what no Service can be made from, and spells the rest as the API
// does.
func (o *Options) Validate() error {
	kind := target.KindOf(o.Kind)
	if kind == "" {
		return fmt.Errorf("%s cannot be exposed: name a vmi, a vm or a vmirs", o.Kind)
	}
	o.Kind = kind
	for _, enum := range []struct {
		flag    string
		value   *string
		allowed []string
	}{
		{"protocol", &o.Protocol, protocols}, {"type", &o.Type, serviceTypes},
		{"ip-family", &o.IPFamily, families}, {"ip-family-policy", &o.IPFamilyPolicy, familyPolicies},
	} {
		if err := spell(enum.flag, enum.value, enum.allowed); err != nil {
			return err
		}
	}
	if messages := validation.IsDNS1035Label(o.Service); len(messages) > 0 {
		return fmt.Errorf("--name %q: %s", o.Service, messages[0])
	}
	if o.Port == 0 && (o.PortName != "" || o.TargetPort != "") {
		return fmt.Errorf("--port-name and --target-port describe the port of --port: set it too")
	}
	if o.Port != 0 && len(validation.IsValidPortNum(int(o.Port))) > 0 {
		return fmt.Errorf("--port %d: must be from 1 to 65535", o.Port)
	}
	return o.Output.Check()
}

// spell accepts a value in any case, and none.
func spell(flag string, value *string, allowed []string) error {
	i := slices.IndexFunc(allowed, func(a string) bool { return strings.EqualFold(a, strings.ReplaceAll(*value, " ", "")) })
	switch {
	case *value == "":
	case i < 0:
		return fmt.Errorf("--%s %s: must be one of %s", flag, *value, strings.Join(allowed, ", "))
	default:
		*value = allowed[i]
	}
	return nil
}
