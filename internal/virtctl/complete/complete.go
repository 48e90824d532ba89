// Package complete suggests to the shell what can stand in a command line: the
// kinds and names of objects, and the values of the flags that all commands have.
package complete

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/clientcmd/api"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

const (
	// patience is how long a person waits for a suggestion.
	patience = 3 * time.Second
	// most bounds the names that are read; more are of no use on a screen.
	most = 500
)

// resources by kind.
var resources = map[string]string{
	"vm": v1.ResourceVirtualMachines, "vmi": v1.ResourceVirtualMachineInstances, "vmirs": v1.ResourceVirtualMachineInstanceReplicaSets,
}

// arguments of the commands, by what follows the program's name. An argument is the
// name of an object of a kind; a kind, with a bar, whose name follows; or a kind and
// name in one, with a slash in between.
var arguments = map[string][]string{
	"start": {"vm"}, "stop": {"vm"}, "restart": {"vm"}, "objectgraph": {"vm"},
	"console": {"vmi"}, "vnc": {"vmi"}, "vnc screenshot": {"vmi"}, "reset": {"vmi"}, "soft-reboot": {"vmi"},
	"guestosinfo": {"vmi"}, "userlist": {"vmi"}, "fslist": {"vmi"}, "guest exec": {"vmi"},
	"pause": {"vm|vmi", ""}, "unpause": {"vm|vmi", ""}, "explain": {"vm|", ""}, "expose": {"vmi|vm|vmirs", ""},
	"ssh": {"vm/|vmi/"}, "port-forward": {"vm/|vmi/"}, "scp": {"vm/|vmi/:", "vm/|vmi/:"}, "guest cp": {"vmi:", "vmi:"}, "usbredir": {device, "vmi"},
}

// device is an argument that only the machine knows of which the USB port is; with
// --no-launch there is none.
const device = "device"

// Register makes every command below the root complete its arguments, and the flags
// that all have in common their values.
func Register(root *cobra.Command, flags *genericclioptions.ConfigFlags) {
	s := &suggester{flags: flags}
	register(root, s)
	for flag, values := range map[string]func() []string{
		"namespace": s.namespaces,
		"context":   s.config(func(c api.Config) []string { return keys(c.Contexts) }),
		"cluster":   s.config(func(c api.Config) []string { return keys(c.Clusters) }),
		"user":      s.config(func(c api.Config) []string { return keys(c.AuthInfos) }),
	} {
		// It fails only for a flag that is not there.
		_ = root.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values(), cobra.ShellCompDirectiveNoFileComp
		})
	}
}

func register(cmd *cobra.Command, s *suggester) {
	_, path, _ := strings.Cut(cmd.CommandPath(), cmd.Root().DisplayName()+" ")
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && path != "help" {
		cmd.ValidArgsFunction = s.arguments(arguments[path])
	}
	for _, child := range cmd.Commands() {
		register(child, s)
	}
}

type suggester struct {
	flags *genericclioptions.ConfigFlags
}

// arguments suggests the next of a command's arguments.
func (s *suggester) arguments(wanted []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		wanted := wanted
		if alone, err := cmd.Flags().GetBool("no-launch"); err == nil && alone && len(wanted) > 0 && wanted[0] == device {
			wanted = wanted[1:]
		}
		if len(args) >= len(wanted) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		switch want := wanted[len(args)]; {
		case want == "":
			return s.names(args[len(args)-1]), cobra.ShellCompDirectiveNoFileComp
		case strings.HasSuffix(want, ":"):
			return s.remotePath(strings.TrimSuffix(want, ":"), typed)
		case strings.Contains(want, "/"):
			return s.target(strings.Split(want, "|"), typed)
		case strings.Contains(want, "|"):
			return strings.Split(strings.TrimSuffix(want, "|"), "|"), cobra.ShellCompDirectiveNoFileComp
		default:
			return s.names(want), cobra.ShellCompDirectiveNoFileComp
		}
	}
}

// target suggests kind/name: the kinds first, which no space follows.
func (s *suggester) target(kinds []string, typed string) ([]string, cobra.ShellCompDirective) {
	user, rest := "", typed
	if before, after, found := strings.Cut(typed, "@"); found {
		user, rest = before+"@", after
	}
	kind, _, found := strings.Cut(rest, "/")
	if !found {
		return prefixed(user, kinds), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
	return prefixed(user+kind+"/", s.names(kind)), cobra.ShellCompDirectiveNoFileComp
}

// remotePath suggests objects that a colon and a path follow, and leaves what looks
// like a local path to the shell.
func (s *suggester) remotePath(kinds, typed string) ([]string, cobra.ShellCompDirective) {
	if strings.HasPrefix(typed, ".") || strings.HasPrefix(typed, "/") || strings.Contains(typed, ":") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	if !strings.Contains(kinds, "/") {
		return suffixed(s.names(kinds), ":"), cobra.ShellCompDirectiveNoSpace
	}
	suggestions, directive := s.target(strings.Split(kinds, "|"), typed)
	if directive&cobra.ShellCompDirectiveNoSpace == 0 {
		suggestions = suffixed(suggestions, ":")
	}
	return suggestions, cobra.ShellCompDirectiveNoSpace
}

func prefixed(prefix string, words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = prefix + word
	}
	return out
}

func suffixed(words []string, suffix string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = word + suffix
	}
	return out
}

// names of the objects of a kind in the namespace of the flags.
func (s *suggester) names(kind string) []string {
	resource, known := resources[target.KindOf(kind)]
	if !known {
		return nil
	}
	namespace, _, err := s.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil
	}
	return s.list(v1.GroupVersion.WithResource(resource), namespace)
}

func (s *suggester) namespaces() []string {
	return s.list(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "")
}

// list reads nothing but names. A failure is silence: whoever is typing a command
// cannot use a message in the middle of it.
func (s *suggester) list(resource schema.GroupVersionResource, namespace string) []string {
	config, err := s.flags.ToRESTConfig()
	if err != nil {
		return nil
	}
	config.Timeout = patience
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	list, err := objects.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: most})
	if err != nil {
		return nil
	}
	names := make([]string, len(list.Items))
	for i := range list.Items {
		names[i] = list.Items[i].Name
	}
	return names
}

// config reads the kubeconfig, whose names are known without a cluster.
func (s *suggester) config(pick func(api.Config) []string) func() []string {
	return func() []string {
		config, err := s.flags.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil
		}
		return pick(config)
	}
}

func keys[T any](values map[string]T) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
