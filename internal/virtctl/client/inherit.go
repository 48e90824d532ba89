package client

import (
	"os"

	"github.com/spf13/pflag"
)

// secrets are flags whose values another virtctl gets by its environment, as everybody
// on the machine sees command lines.
var secrets = map[string]string{"token": "VIRTCTL_TOKEN", "password": "VIRTCTL_PASSWORD"}

// Inherited returns the flags of the root command that were given, for another virtctl
// that must reach the same cluster as the same user: as arguments, and as variables
// that Receive reads. The namespace is for the caller to hand on.
func Inherited(flags *pflag.FlagSet) (args, env []string) {
	// Visit would pass over flags that were set in another set.
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Changed || f.Name == "namespace" {
			return
		}
		if variable := secrets[f.Name]; variable != "" {
			env = append(env, variable+"="+f.Value.String())
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			args = append(args, "--"+f.Name+"="+value)
		}
	})
	return args, env
}

// Receive sets the flags that another virtctl has handed on by variables.
func Receive(flags *pflag.FlagSet) {
	for name, variable := range secrets {
		if value := os.Getenv(variable); value != "" && !flags.Changed(name) {
			_ = flags.Set(name, value) // fails only for a flag that is not there
		}
	}
}
