package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/version"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

const (
	// interrupted is the exit code of a shell's command that ctrl+c has ended.
	interrupted = 130
	// skewTimeout bounds the question for the server's version after an error.
	skewTimeout = 2 * time.Second
)

// Execute runs a command line, of which the first word is what virtctl was called
// by, and returns the exit code.
func Execute(ctx context.Context, line []string) int {
	flags := connectionFlags()
	root := newRoot(line[0], flags)
	root.SetArgs(line[1:])
	return execute(ctx, root, flags, os.Stderr)
}

func execute(ctx context.Context, root *cobra.Command, flags *genericclioptions.ConfigFlags, errOut io.Writer) int {
	say := func(what, text string) {
		fmt.Fprintln(errOut, what, strings.ReplaceAll(text, "`virtctl ", "`"+root.DisplayName()+" "))
	}
	understood := false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		err := cmd.ValidateRequiredFlags()
		understood = err == nil
		return err
	}
	cmd, err := root.ExecuteContextC(ctx)
	var exit *client.Exit
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return interrupted
	case errors.As(err, &exit):
		if exit.Hint != "" {
			say("hint:", exit.Hint)
		}
		return exit.Code
	}
	namespace, _, _ := flags.ToRawKubeConfigLoader().Namespace()
	say("error:", client.Friendly(err, client.About{Namespace: namespace}).Error())
	var answered apierrors.APIStatus
	if !understood {
		say("hint:", fmt.Sprintf("`%s --help` tells how it is used", cmd.CommandPath()))
	} else if errors.As(err, &answered) {
		if hint := skew(version.Info(), serverVersion(ctx, flags)); hint != "" {
			say("hint:", hint)
		}
	}
	return 1
}

// serverVersion is the version that virt-api tells, nil if it does not answer.
func serverVersion(ctx context.Context, flags *genericclioptions.ConfigFlags) *apiversion.Info {
	ctx, cancel := context.WithTimeout(ctx, skewTimeout)
	defer cancel()
	c, err := client.New(flags)
	if err != nil {
		return nil
	}
	var server apiversion.Info
	if err := c.GroupGet(ctx, "version", &server); err != nil {
		return nil
	}
	return &server
}

// skew is what to say when client and server are of different releases.
func skew(ours apiversion.Info, server *apiversion.Info) string {
	if server == nil || server.GitVersion == "" || release(ours) == release(*server) {
		return ""
	}
	return fmt.Sprintf("this client is of release %s, the server of release %s: use a client of the server's release if this is not expected",
		release(ours), release(*server))
}

// release is major.minor, read from the full version: some servers leave the two
// numbers out.
func release(info apiversion.Info) string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(info.GitVersion, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor
}
