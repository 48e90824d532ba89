package client

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// handedOn is what a subcommand finds of the root's flags.
func handedOn(t *testing.T, line ...string) (args, env []string, token string) {
	t.Helper()
	root, child := &cobra.Command{Use: "root"}, &cobra.Command{Use: "child"}
	root.AddCommand(child)
	flags := root.PersistentFlags()
	flags.String("kubeconfig", "", "")
	flags.String("context", "", "")
	flags.String("token", "", "")
	flags.StringP("namespace", "n", "", "")
	flags.StringArray("as-group", nil, "")
	flags.Bool("insecure-skip-tls-verify", false, "")
	child.Run = func(cmd *cobra.Command, _ []string) {
		args, env = Inherited(cmd.InheritedFlags())
		Receive(cmd.Flags())
		token = cmd.Flag("token").Value.String()
	}
	root.SetArgs(append([]string{"child"}, line...))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return args, env, token
}

func TestInherited(t *testing.T) {
	line := "--kubeconfig /k -n shop --as-group=a,b --as-group=c --insecure-skip-tls-verify --token=s3cret"
	args, env, _ := handedOn(t, strings.Fields(line)...)
	want := []string{"--as-group=a,b", "--as-group=c", "--insecure-skip-tls-verify=true", "--kubeconfig=/k"}
	if !slices.Equal(args, want) || !slices.Equal(env, []string{"VIRTCTL_TOKEN=s3cret"}) {
		t.Errorf("got %q and %q, want %q", args, env, want)
	}
}

func TestReceive(t *testing.T) {
	t.Setenv("VIRTCTL_TOKEN", "s3cret")
	if _, _, token := handedOn(t); token != "s3cret" {
		t.Errorf("received %q", token)
	}
	if _, _, token := handedOn(t, "--token=other"); token != "other" {
		t.Errorf("the variable goes before the flag: %q", token)
	}
}
