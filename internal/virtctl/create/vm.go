package create

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/validate"
	"kubevirt.io/kubevirt/internal/virtctl/output"
)

// Options of one machine, as the flags give them.
type Options struct {
	Name, Namespace string
	RunStrategy     string
	GracePeriod     int64
	Memory          string
	MemoryGiven     bool

	Instancetype, InferInstancetypeFrom string
	Preference, InferPreferenceFrom     string
	// InferInstancetype and InferPreference are nil unless somebody asked.
	InferInstancetype, InferPreference *bool

	ContainerDisks, Claims, Imports   []string
	DataSources, ClonedClaims, Blanks []string
	Sysprep                           string

	User, PasswordFile    string
	SSHKeys               []string
	ManageSSH             bool
	Credentials           []string
	CloudInit             string
	UserData, NetworkData string

	Output   output.Flag
	Out, Err io.Writer

	// password is what PasswordFile holds.
	password string
}

var runStrategies = []string{
	string(v1.RunStrategyAlways), string(v1.RunStrategyRerunOnFailure), string(v1.RunStrategyManual), string(v1.RunStrategyOnce),
	string(v1.RunStrategyHalted),
}

// Run prints the manifest, and says what of it this version's server refuses.
func Run(o Options) error {
	if err := o.Output.Check(); err != nil {
		return err
	}
	if o.PasswordFile != "" {
		password, err := os.ReadFile(o.PasswordFile)
		if err != nil {
			return fmt.Errorf("reading --password-file: %w", err)
		}
		o.password = string(bytes.TrimRight(password, "\r\n"))
	}
	vm, err := build(o)
	if err != nil {
		return err
	}
	for _, path := range refused(vm) {
		fmt.Fprintf(o.Err, "Warning: %s is not supported yet: a server of this version refuses the machine\n", path)
	}
	object, err := manifest(vm)
	if err != nil {
		return err
	}
	return o.Output.Object(o.Out, object, "virtualmachine.kubevirt.io", vm.Name)
}

// build makes the machine.
func build(o Options) (*v1.VirtualMachine, error) {
	if o.Name == "" {
		o.Name = "vm-" + rand.String(5)
	}
	strategy, err := runStrategy(o.RunStrategy)
	if err != nil {
		return nil, err
	}
	if messages := validation.IsDNS1123Subdomain(o.Name); len(messages) > 0 {
		return nil, fmt.Errorf("--name %q: %s", o.Name, messages[0])
	}
	if o.GracePeriod < 0 {
		return nil, fmt.Errorf("--termination-grace-period %d: must not be negative", o.GracePeriod)
	}
	vm := &v1.VirtualMachine{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: v1.KindVirtualMachine},
		ObjectMeta: metav1.ObjectMeta{Name: o.Name, Namespace: o.Namespace},
		Spec: v1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template: &v1.VirtualMachineInstanceTemplateSpec{
				Spec: v1.VirtualMachineInstanceSpec{TerminationGracePeriodSeconds: &o.GracePeriod},
			},
		},
	}
	volumes, err := volumes(&o)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(*v1.VirtualMachine, *Options, []volume) error{
		addVolumes, addSysprep, addCloudInit, addCredentials, addInstancetype, addPreference, addMemory,
	} {
		if err := step(vm, &o, volumes); err != nil {
			return nil, err
		}
	}
	return vm, nil
}

func runStrategy(text string) (v1.VirtualMachineRunStrategy, error) {
	i := slices.IndexFunc(runStrategies, func(s string) bool { return strings.EqualFold(s, text) })
	if i < 0 {
		return "", fmt.Errorf("--run-strategy %s: must be one of %s", text, strings.Join(runStrategies, ", "))
	}
	return v1.VirtualMachineRunStrategy(runStrategies[i]), nil
}

// addMemory sizes the guest unless an instance type does for certain.
func addMemory(vm *v1.VirtualMachine, o *Options, _ []volume) error {
	certain := func(m *v1.InstancetypeMatcher) bool { return m != nil && m.InferFromVolumeFailurePolicy == nil }
	if certain(vm.Spec.Instancetype) {
		return nil
	}
	memory, err := quantity("--memory", o.Memory)
	if err != nil {
		return err
	}
	vm.Spec.Template.Spec.Domain.Memory = &v1.Memory{Guest: memory}
	return nil
}

func quantity(what, text string) (*resource.Quantity, error) {
	parsed, err := resource.ParseQuantity(text)
	if err != nil || parsed.Sign() <= 0 {
		return nil, fmt.Errorf("%s %q: must be an amount such as 512Mi or 20Gi", what, text)
	}
	return &parsed, nil
}

// refused are the fields of a machine that a server of this version does not take.
func refused(vm *v1.VirtualMachine) []string {
	var paths []string
	for _, err := range validate.Unsupported(v1.KindVirtualMachine, vm) {
		paths = append(paths, err.Field)
	}
	instance := &v1.VirtualMachineInstance{Spec: vm.Spec.Template.Spec}
	for _, err := range validate.Unsupported(v1.KindVirtualMachineInstance, instance) {
		paths = append(paths, "spec.template."+err.Field)
	}
	return paths
}

// manifest leaves out the status, which is not a person's to write.
func manifest(vm *v1.VirtualMachine) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(vm)
	if err != nil {
		return nil, fmt.Errorf("encoding the machine: %w", err)
	}
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &object.Object); err != nil {
		return nil, fmt.Errorf("encoding the machine: %w", err)
	}
	delete(object.Object, "status")
	return object, nil
}
