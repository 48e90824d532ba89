package create

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/defaults"
	"kubevirt.io/kubevirt/internal/validate"
)

// create runs the command as a person would.
func create(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(true)
	cmd := newMachineCommand(flags)
	flags.AddFlags(cmd.PersistentFlags())
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var out, errOut bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	// Warnings of deprecated flags go to standard error unless a test asks for the output.
	stdout, warnings := out.String(), ""
	for strings.HasPrefix(stdout, "Flag --") {
		line, rest, _ := strings.Cut(stdout, "\n")
		warnings, stdout = warnings+line+"\n", rest
	}
	return stdout, warnings + errOut.String(), err
}

// TestManifests goes through testdata/*.yaml: flags in comments at the top, and the
// manifest that they make. UPDATE_GOLDEN=1 writes the manifests anew. Each is read by
// the API's types without a rest, and passes admission unless it says of itself that
// something in it is refused.
func TestManifests(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			args, head := readFlags(string(content))
			stdout, stderr, err := create(t, args...)
			if err != nil {
				t.Fatal(err)
			}
			got := head + comments(stderr) + stdout
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(content) {
				t.Errorf("got\n%s\nwant\n%s", got, content)
			}
			admitted(t, stdout, strings.Contains(stderr, "is not supported yet"))
		})
	}
}

// readFlags takes one flag from each line that begins with #$.
func readFlags(content string) (args []string, head string) {
	for _, line := range strings.SplitAfter(content, "\n") {
		if flag, found := strings.CutPrefix(line, "#$ "); found {
			args, head = append(args, strings.TrimSuffix(flag, "\n")), head+line
		}
	}
	return args, head
}

func comments(text string) string {
	var out strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		if line != "" {
			out.WriteString("# " + line)
		}
	}
	return out.String()
}

func admitted(t *testing.T, manifest string, refused bool) {
	t.Helper()
	vm := &v1.VirtualMachine{}
	if err := yaml.UnmarshalStrict([]byte(manifest), vm); err != nil {
		t.Fatalf("the API's types do not take it: %v", err)
	}
	cfg := clusterconfig.New(&v1.KubeVirt{})
	invent := func() types.UID { return "6a1a24a1-4061-4607-8bf4-a3963d0c5895" }
	defaults.VirtualMachine(vm, cfg, true, invent)
	errs := validate.VirtualMachine(vm, cfg, func(vmi *v1.VirtualMachineInstance) {
		defaults.VirtualMachineInstance(vmi, cfg, metav1.Now(), invent)
	})
	if refused != (len(errs) > 0) {
		t.Errorf("admission says %v, refused %v", errs, refused)
	}
}

func TestRefusals(t *testing.T) {
	big := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), maxData+1))
	for want, args := range map[string][]string{
		"--run-strategy Sometimes":                   {"--run-strategy", "Sometimes"},
		"--memory \"lots\"":                          {"--memory", "lots"},
		"--memory \"0\"":                             {"--memory", "0"},
		"must not be negative":                       {"--termination-grace-period", "-1"},
		"--name \"My VM\"":                           {"--name", "My VM"},
		"[memory instancetype":                       {"--memory", "1Gi", "--instancetype", "small"},
		"instancetype infer-instancetype":            {"--instancetype", "small", "--infer-instancetype"},
		"[preference infer-preference":               {"--preference", "linux", "--infer-preference-from", "x"},
		"[cloud-init-user-data user]":                {"--cloud-init-user-data", "eA==", "--user", "me"},
		"[cloud-init-user-data ssh-key]":             {"--cloud-init-user-data", "eA==", "--ssh-key", "x"},
		"[cloud-init-user-data ga-manage-ssh]":       {"--cloud-init-user-data", "eA==", "--ga-manage-ssh"},
		"[cloud-init-user-data password-file]":       {"--cloud-init-user-data", "eA==", "--password-file", "x"},
		"--output xml":                               {"-o", "xml"},
		"reading --password-file":                    {"--password-file", "testdata/missing"},
		"parameter src is missing":                   {"--volume-containerdisk", "name:a"},
		"not of the form key:value":                  {"--volume-pvc", "mypvc"},
		"there is no parameter \"size\"":             {"--volume-pvc", "src:a,size:1Gi"},
		"src is given twice":                         {"--volume-pvc", "src:a,src:b"},
		"used in its own namespace":                  {"--volume-pvc", "src:ns/a"},
		"bootorder:0 must be":                        {"--volume-pvc", "src:a,bootorder:0"},
		"bootorder 1 is given more":                  {"--volume-pvc", "src:a,bootorder:1", "--volume-pvc", "src:b,bootorder:1"},
		"more than one volume a":                     {"--volume-pvc", "src:a", "--volume-containerdisk", "src:x,name:a"},
		"more than one volume cloudinitdisk":         {"--volume-pvc", "src:cloudinitdisk"},
		"set the parameter name":                     {"--volume-pvc", "src:a.b"},
		"parameter type is missing":                  {"--volume-import", "size:1Gi"},
		"there is no type floppy":                    {"--volume-import", "type:floppy"},
		"parameter size is missing":                  {"--volume-import", "type:blank"},
		"there is no parameter \"url\"":              {"--volume-import", "type:blank,size:1Gi,url:x"},
		"parameter url is missing":                   {"--volume-import", "type:http,size:1Gi"},
		"size \"big\"":                               {"--volume-import", "type:blank,size:big"},
		"whose namespace?":                           {"--volume-import", "type:pvc,src:a"},
		"src:a/b/c must be NAMESPACE/NAME":           {"--volume-import", "type:snapshot,src:a/b/c"},
		"either url or imagestream":                  {"--volume-import", "type:registry,size:1Gi"},
		"pullmethod:mail must be":                    {"--volume-import", "type:registry,size:1Gi,url:docker://x,pullmethod:mail"},
		"type:file must be one of configmap, secret": {"--volume-sysprep", "src:a,type:file"},
		"--cloud-init ignition":                      {"--cloud-init", "ignition", "--user", "me"},
		"leaves nowhere":                             {"--cloud-init", "none", "--user", "me"},
		"--cloud-init-user-data: must be base64":     {"--cloud-init-user-data", "#cloud-config"},
		"--cloud-init-network-data has 2049 bytes":   {"--cloud-init-network-data", big},
		"use fewer --ssh-key":                        {"--ssh-key", strings.Repeat("x", maxData)},
		"whose keys are they?":                       {"--access-cred", "src:keys"},
		"needs --cloud-init configdrive":             {"--access-cred", "src:keys,method:configdrive"},
		"instead of the parameter user":              {"--access-cred", "src:keys,method:nocloud,user:me"},
		"method:nocloud must be one of ga":           {"--access-cred", "src:keys,type:password,method:nocloud"},
		"leave the parameter user out":               {"--access-cred", "src:keys,type:password,user:me"},
		"must be [KIND/]NAME":                        {"--instancetype", "a/b/c"},
		"the kind must be one of":                    {"--preference", "pod/a"},
		"needs a volume to look at":                  {"--infer-instancetype"},
		"suggests nothing":                           {"--infer-preference", "--volume-containerdisk", "src:x"},
		"there is no such volume":                    {"--infer-instancetype-from", "x"},
	} {
		stdout, _, err := create(t, args...)
		if err == nil || !strings.Contains(err.Error(), want) || stdout != "" {
			t.Errorf("%v: got %v, want %q", args, err, want)
		}
	}
}

func TestBootVolume(t *testing.T) {
	for _, tc := range []struct {
		orders []uint
		want   int
	}{{[]uint{0, 0}, 0}, {[]uint{0, 2}, 1}, {[]uint{3, 2}, 1}, {nil, -1}} {
		var all []volume
		for _, order := range tc.orders {
			all = append(all, volume{bootOrder: order})
		}
		switch got := bootVolume(all); {
		case tc.want < 0 && got != nil, tc.want >= 0 && got != &all[tc.want]:
			t.Errorf("%v: got %v", tc.orders, got)
		}
	}
}

// TestChoices looks at what nobody has asked for, too, which is left out of manifests
// as long as the server takes no instance types.
func TestChoices(t *testing.T) {
	yes, no := true, false
	claim := volume{Volume: v1.Volume{Name: "claim"}, suggests: true}
	image := volume{Volume: v1.Volume{Name: "image"}}
	for _, tc := range []struct {
		name    string
		chooser chooser
		volumes []volume
		want    *choice
	}{
		{"suggestion of the boot disk", chooser{}, []volume{claim, image}, &choice{volume: "claim", optional: true}},
		{"a boot disk that has none", chooser{}, []volume{image, claim}, nil},
		{"no disk", chooser{}, nil, nil},
		{"sized by hand", chooser{sized: true}, []volume{claim}, nil},
		{"switched off", chooser{infer: &no}, []volume{claim}, nil},
		{"switched on", chooser{infer: &yes}, []volume{claim}, &choice{volume: "claim"}},
		{"of another volume", chooser{from: "claim"}, []volume{image, claim}, &choice{volume: "claim"}},
		{"by name", chooser{named: "small"}, []volume{claim}, &choice{name: "small"}},
		{"by kind and name", chooser{named: "boxes/small", kinds: []string{"Box"}}, nil, nil},
		{"by plural and name", chooser{named: "things/small", kinds: []string{"Thing"}}, nil, &choice{kind: "Thing", name: "small"}},
	} {
		got, err := tc.chooser.choose(tc.volumes)
		if !reflect.DeepEqual(got, tc.want) && (tc.want != nil || err == nil) {
			t.Errorf("%s: got %+v, %v; want %+v", tc.name, got, err, tc.want)
		}
	}
}

func TestRandomName(t *testing.T) {
	first, _, err := create(t, "-o", "name")
	second, _, _ := create(t, "-o", "name")
	if err != nil || !strings.HasPrefix(first, "virtualmachine.kubevirt.io/vm-") || len(first) != len("virtualmachine.kubevirt.io/vm-12345\n") || first == second {
		t.Errorf("got %q and %q, %v", first, second, err)
	}
}
