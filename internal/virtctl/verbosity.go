package virtctl

import (
	"flag"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

// defaultVerbosity is not set but only shown: the client library would tell of its
// feature gates at each command.
const defaultVerbosity = "2"

// verbosity is the value of -v, which takes effect as it is parsed.
type verbosity struct {
	klog flag.Value
	text string
}

func (v *verbosity) String() string { return v.text }
func (v *verbosity) Type() string   { return "int" }

// Set implements pflag.Value.
func (v *verbosity) Set(text string) error {
	v.text = text
	return v.klog.Set(text)
}

// addVerbosity gives every command -v.
func addVerbosity(root *cobra.Command) {
	settings := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(settings)
	level := &verbosity{klog: settings.Lookup("v").Value, text: defaultVerbosity}
	root.PersistentFlags().VarP(level, "v", "v", "log level; 6 shows the requests, 8 their bodies")
}
