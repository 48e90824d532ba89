package virtctl

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kubevirt.io/kubevirt/internal/unsupported"
	"kubevirt.io/kubevirt/internal/virtctl/unavailable"
)

// TestContract compares the command tree with testdata/commands.tsv. Commands that
// are not part of this version only have to be there.
func TestContract(t *testing.T) {
	content, err := os.ReadFile("testdata/commands.tsv")
	if err != nil {
		t.Fatal(err)
	}
	root := NewCommand("virtctl")
	rows := 0
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		cell := append(strings.Split(line, "\t"), make([]string, 7)...)
		name, flag := cell[0], cell[1]
		cmd, rest, err := root.Find(strings.Fields(name))
		if err != nil || len(rest) > 0 {
			t.Errorf("there is no command %s", name)
			continue
		}
		switch {
		case flag == "" && cmd.Hidden != strings.Contains(cell[6], "hidden"):
			t.Errorf("%s: hidden %v", name, cmd.Hidden)
		case flag != "" && !unavailable.Is(cmd):
			checkFlag(t, name, flagOf(cmd, flag), cell)
		}
	}
	if rows < 200 {
		t.Errorf("only %d rows", rows)
	}
}

// TestReadme compares what README.md says works with what there is.
func TestReadme(t *testing.T) {
	content, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, row, _ := strings.Cut(string(content), "\n| virtctl | ")
	row, _, _ = strings.Cut(row, " |\n")
	var there []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		path, shells := strings.TrimPrefix(cmd.CommandPath(), "virtctl "), cmd.Name() == "completion"
		if cmd.HasParent() && cmd.IsAvailableCommand() && (shells || !strings.HasSuffix(cmd.Use, " COMMAND")) {
			there = append(there, path)
		}
		for _, child := range cmd.Commands() {
			if !shells && child.Name() != "help" && !unavailable.Is(child) {
				walk(child)
			}
		}
	}
	walk(NewCommand("virtctl"))
	listed := strings.Split(row, ", ")
	slices.Sort(listed)
	slices.Sort(there)
	if !slices.Equal(listed, there) {
		t.Errorf("README.md lists\n%q\nthere are\n%q", listed, there)
	}
}

func flagOf(cmd *cobra.Command, name string) *pflag.Flag {
	if flag := cmd.Flags().Lookup(name); flag != nil {
		return flag
	}
	return cmd.PersistentFlags().Lookup(name)
}

func checkFlag(t *testing.T, command string, flag *pflag.Flag, cell []string) {
	t.Helper()
	if flag == nil {
		t.Errorf("%s has no flag --%s", command, cell[1])
		return
	}
	required := ""
	if len(flag.Annotations[cobra.BashCompOneRequiredFlag]) > 0 {
		required = "required"
	}
	deprecated := ""
	if flag.Deprecated != "" {
		deprecated = "deprecated"
	}
	got := []string{flag.Shorthand, flag.Value.Type(), flag.DefValue, required, deprecated}
	want := []string{cell[2], cell[3], os.ExpandEnv(cell[4]), cell[5], strings.TrimSuffix(cell[6], "+hidden")}
	for i, what := range []string{"shorthand", "type", "default", "required", "deprecated"} {
		if got[i] != want[i] {
			t.Errorf("%s --%s: %s %q, want %q", command, flag.Name, what, got[i], want[i])
		}
	}
}

// printed executes a command line with everything it prints in one place.
func printed(t *testing.T, calledAs string, args ...string) (string, error) {
	t.Helper()
	root := NewCommand(calledAs)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestUnavailable(t *testing.T) {
	for line, feature := range map[string]unsupported.Feature{
		"migrate myvm --addedNodeSelector a=b --dry-run":     unsupported.Migrate,
		"migrate-cancel myvm":                                unsupported.MigrateCancel,
		"evacuate-cancel vm myvm":                            unsupported.EvacuateCancel,
		"addvolume myvm --volume-name=x --bus scsi --cache":  unsupported.AddVolume,
		"removevolume myvm --volume-name x":                  unsupported.RemoveVolume,
		"memory-dump get myvm --create-claim":                unsupported.MemoryDump,
		"vmexport create x --vm=myvm -n ns":                  unsupported.Export,
		"image-upload dv x --size 1Gi":                       unsupported.ImageUpload,
		"guestfs claim --kvm=false":                          unsupported.Guestfs,
		"expand --vm myvm -o json":                           unsupported.Expand,
		"template":                                           unsupported.Template,
		"template convert -f x":                              unsupported.Template,
		"template create --vm-name x":                        unsupported.Template,
		"template process -p a=b --local":                    unsupported.Template,
		"credentials":                                        unsupported.Credentials,
		"credentials add-ssh-key myvm --user me --value key": unsupported.Credentials,
		"credentials remove-ssh-key myvm -u me":              unsupported.Credentials,
		"credentials set-password myvm -u me -p secret":      unsupported.Credentials,
		"create instancetype --cpu 2 --memory 1Gi":           unsupported.CreateInstancetype,
		"create preference --machine-type q35":               unsupported.CreatePreference,
		"create clone --source-name a":                       unsupported.CreateClone,
	} {
		out, err := printed(t, "virtctl", strings.Fields(line)...)
		if err == nil || err.Error() != unsupported.Sentence(feature) || out != "" {
			t.Errorf("%s: %q, %v; want %q", line, out, err, unsupported.Sentence(feature))
		}
	}
	out, err := printed(t, "virtctl", "help")
	if err != nil {
		t.Fatal(err)
	}
	_, listed, found := strings.Cut(out, "Not part of this version:\n")
	for _, name := range []string{"migrate", "vmexport", "template", "guestfs"} {
		if !found || !strings.Contains(listed, "\n  "+name+" ") {
			t.Errorf("%s is not listed as left out in\n%s", name, out)
		}
	}
}

// TestNames looks for the other of the program's two names in all that it says of
// itself.
func TestNames(t *testing.T) {
	for calledAs, name := range map[string]string{
		"/usr/bin/virtctl": "virtctl", "./kubectl-virt": pluginName, "kubectl-virt.exe": pluginName, "virtctl-v1": "virtctl",
	} {
		root := NewCommand(calledAs)
		var walk func(*cobra.Command)
		walk = func(cmd *cobra.Command) {
			var out bytes.Buffer
			cmd.SetOut(&out)
			if err := cmd.Help(); err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(out.String(), "kubectl-virt", "")
			if !strings.Contains(text, "  "+name) {
				t.Errorf("%s: the usage does not say %s:\n%s", cmd.CommandPath(), name, text)
			}
			if name == pluginName && strings.Contains(text, "virtctl ") || name != pluginName && strings.Contains(text, pluginName) {
				t.Errorf("%s calls itself by its other name:\n%s", cmd.CommandPath(), text)
			}
			for _, child := range cmd.Commands() {
				walk(child)
			}
		}
		walk(root)
	}
}

// TestUnknown must fail and not print the help.
func TestUnknown(t *testing.T) {
	for line, want := range map[string]string{
		"nosuch":                `unknown command "nosuch" for "virtctl"`,
		"guest nosuch":          `unknown command "nosuch" for "virtctl guest"`,
		"guest exce myvm":       "Did you mean this?\n\texec\n",
		"adm log-verbosty":      "\tlog-verbosity\n",
		"create nosuch":         `unknown command "nosuch" for "virtctl create"`,
		"completion nosuch":     `unknown command "nosuch" for "virtctl completion"`,
		"help nosuch":           `unknown command "nosuch" for "virtctl"`,
		"help guest nosuch":     `unknown command "nosuch" for "virtctl guest"`,
		"template nosuch":       unsupported.Sentence(unsupported.Template),
		"help":                  "",
		"help guest exec":       "",
		"help start":            "",
		"guest":                 "",
		"guest --help":          "",
		"completion":            "",
		"help completion bash":  "",
		"vnc screenshot --help": "",
	} {
		_, err := printed(t, "virtctl", strings.Fields(line)...)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", line, err, want)
		}
	}
	out, err := printed(t, "kubectl-virt", "guest")
	if err != nil || strings.Count(out, "  kubectl virt guest COMMAND\n") != 1 || strings.Contains(out, "  kubectl virt guest\n") {
		t.Errorf("the usage of a command that only has others:\n%s", out)
	}
}

func TestOptions(t *testing.T) {
	out, err := printed(t, "virtctl", "options")
	if err != nil || !strings.Contains(out, "--kubeconfig") || !strings.Contains(out, "-v, --v int") {
		t.Errorf("printed %q, %v", out, err)
	}
	if help, _ := printed(t, "virtctl", "start", "--help"); strings.Contains(help, "--kubeconfig") || !strings.Contains(help, "virtctl options") {
		t.Errorf("the help of a command lists what all have in common:\n%s", help)
	}
	if _, err := printed(t, "virtctl", "options", "-v", "many"); err == nil {
		t.Error("a log level of many was accepted")
	}
}

func TestProxyURL(t *testing.T) {
	flags := connectionFlags()
	root := newRoot("virtctl", flags)
	if err := root.ParseFlags([]string{"--server=https://cluster.example.com", "--token=x", "--proxy-url=http://proxy.example.com:3128"}); err != nil {
		t.Fatal(err)
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodGet, "https://cluster.example.com/", nil)
	if proxy, err := config.Proxy(request); err != nil || proxy == nil || proxy.Host != "proxy.example.com:3128" {
		t.Errorf("goes through %v, %v", proxy, err)
	}
	if err := root.ParseFlags([]string{"--proxy-url=proxy"}); err == nil {
		t.Error("a word was accepted as an address")
	}
}
