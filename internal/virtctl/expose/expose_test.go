package expose

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	dynamicfake "k8s.io/client-go/dynamic/fake"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

func options(change func(*Options)) Options {
	o := Options{Kind: "vm", Name: "myvm", Service: "web", Protocol: "TCP", Type: "ClusterIP"}
	change(&o)
	return o
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"as it is", func(*Options) {}, ""},
		{"plural", func(o *Options) { o.Kind = "VirtualMachines" }, ""},
		{"other kind", func(o *Options) { o.Kind = "pod" }, "name a vmi, a vm or a vmirs"},
		{"protocol in lower case", func(o *Options) { o.Protocol = "udp" }, ""},
		{"protocol", func(o *Options) { o.Protocol = "ICMP" }, "--protocol ICMP: must be one of TCP, UDP"},
		{"type", func(o *Options) { o.Type = "ExternalName" }, "--type ExternalName: must be one of ClusterIP, NodePort, LoadBalancer"},
		{"family", func(o *Options) { o.IPFamily = "ipv6, ipv4" }, ""},
		{"no family", func(o *Options) { o.IPFamily = "IPX" }, "--ip-family IPX"},
		{"policy", func(o *Options) { o.IPFamilyPolicy = "Both" }, "--ip-family-policy Both"},
		{"name", func(o *Options) { o.Service = "Web" }, `--name "Web"`},
		{"port", func(o *Options) { o.Port = 70000 }, "from 1 to 65535"},
		{"target without port", func(o *Options) { o.TargetPort = "22" }, "set it too"},
		{"name without port", func(o *Options) { o.PortName = "ssh" }, "set it too"},
		{"output", func(o *Options) { o.Output.Format = "xml" }, "--output xml"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(tc.change)
			err := o.Validate()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestPorts(t *testing.T) {
	spec := &v1.VirtualMachineInstanceSpec{}
	spec.Domain.Devices.Interfaces = []v1.Interface{
		{Ports: []v1.Port{{Name: "ssh", Port: 22}}}, {Ports: []v1.Port{{Port: 53, Protocol: "UDP"}}},
	}
	for _, tc := range []struct {
		name   string
		change func(*Options)
		spec   *v1.VirtualMachineInstanceSpec
		want   []corev1.ServicePort
	}{
		{"one", func(o *Options) { o.Port = 80 }, spec, []corev1.ServicePort{{Protocol: "TCP", Port: 80, TargetPort: intstr.FromInt32(80)}}},
		{
			"another in the guest", func(o *Options) { o.Port, o.TargetPort, o.PortName, o.Protocol = 20022, "22", "ssh", "UDP" }, spec,
			[]corev1.ServicePort{{Name: "ssh", Protocol: "UDP", Port: 20022, TargetPort: intstr.FromInt32(22)}},
		},
		{
			"by name", func(o *Options) { o.Port, o.TargetPort = 80, "http" }, spec,
			[]corev1.ServicePort{{Protocol: "TCP", Port: 80, TargetPort: intstr.FromString("http")}},
		},
		{"of the interfaces", func(*Options) {}, spec, []corev1.ServicePort{
			{Name: "ssh", Port: 22, TargetPort: intstr.FromInt32(22)},
			{Name: "port-2", Protocol: "UDP", Port: 53, TargetPort: intstr.FromInt32(53)},
		}},
		{"none", func(*Options) {}, &v1.VirtualMachineInstanceSpec{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ports(options(tc.change), tc.spec)
			if !reflect.DeepEqual(got, tc.want) || (tc.want == nil) != (err != nil) {
				t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
}

// TestSelectsTheLauncherPod renders launcher pods, whose label is made elsewhere.
func TestSelectsTheLauncherPod(t *testing.T) {
	for _, name := range []string{"myvm", strings.Repeat("long", 15) + "-xy", strings.Repeat("a-b.", 20) + "end"} {
		vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
		pod, err := launcherpod.Render(vmi, clusterconfig.New(&v1.KubeVirt{}), launcherpod.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for label, value := range byInstance(name) {
			if pod.Labels[label] != value {
				t.Errorf("%s: the pod has %s=%q, the Service selects %q", name, label, pod.Labels[label], value)
			}
		}
	}
}

func TestReplicaSets(t *testing.T) {
	labels := map[string]string{"app": "web"}
	for _, tc := range []struct {
		selector *metav1.LabelSelector
		want     string
	}{
		{&metav1.LabelSelector{MatchLabels: labels}, ""},
		{nil, "no spec.selector.matchLabels"},
		{&metav1.LabelSelector{}, "no spec.selector.matchLabels"},
		{&metav1.LabelSelector{MatchLabels: labels, MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a"}}}, "spec.selector.matchExpressions"},
	} {
		set := &v1.VirtualMachineInstanceReplicaSet{Spec: v1.VirtualMachineInstanceReplicaSetSpec{Selector: tc.selector}}
		got, err := bySet(set)
		if tc.want == "" && (err != nil || !reflect.DeepEqual(got, labels)) || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("got %v, %v; want %q", got, err, tc.want)
		}
	}
}

func TestRun(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "myvm", Namespace: "default"}}
	objects := dynamicfake.NewSimpleDynamicClient(scheme, vm)
	c := &client.Client{Namespace: "default", Objects: objects}
	var out bytes.Buffer
	o := options(func(o *Options) {
		o.Out, o.Port, o.Type, o.ClusterIP = &out, 22, "NodePort", "10.0.0.1"
		o.ExternalIP, o.IPFamily, o.IPFamilyPolicy = "192.0.2.1,192.0.2.2", "IPv6,IPv4", "RequireDualStack"
	})
	if err := Run(t.Context(), c, o); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "Service web successfully exposed for vm myvm\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	made, err := objects.Resource(services).Namespace("default").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	service := &corev1.Service{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(made.Object, service); err != nil {
		t.Fatal(err)
	}
	policy := corev1.IPFamilyPolicyRequireDualStack
	want := corev1.ServiceSpec{
		Selector: map[string]string{v1.LabelVMIID: "myvm"}, Type: corev1.ServiceTypeNodePort, ClusterIP: "10.0.0.1",
		Ports:       []corev1.ServicePort{{Protocol: "TCP", Port: 22, TargetPort: intstr.FromInt32(22)}},
		ExternalIPs: []string{"192.0.2.1", "192.0.2.2"}, IPFamilies: []corev1.IPFamily{"IPv6", "IPv4"}, IPFamilyPolicy: &policy,
	}
	if !reflect.DeepEqual(service.Spec, want) {
		t.Errorf("made %+v, want %+v", service.Spec, want)
	}

	out.Reset()
	o.Service, o.Output.Format = "other", "name"
	if err := Run(t.Context(), c, o); err != nil || out.String() != "service/other\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
	if err := Run(t.Context(), c, o); err == nil {
		t.Error("made a Service that is there already")
	}
	o.Name = "nobody"
	if err := Run(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("got %v, want that there is no such machine", err)
	}
}
