// Package sshclient runs this machine's ssh and scp clients against a guest: they
// connect through virtctl's own port-forward.
package sshclient

import (
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

const identityFlag = "identity-file"

// Flags are what ssh and scp have in common.
type Flags struct {
	// User to log in as; empty leaves it to the client.
	User string
	// Port that the guest's ssh server listens on.
	Port int
	// IdentityFile is the private key. A default that does not exist is not used.
	IdentityFile string
	// IdentitySet tells that the user has named the key.
	IdentitySet bool
	// KnownHosts is the client's file of host keys.
	KnownHosts string
	// Options are passed on to the client as they are.
	Options []string
}

// Add makes a command take the flags.
func (f *Flags) Add(flags *pflag.FlagSet) {
	home, err := os.UserHomeDir()
	keys := filepath.Join(home, ".ssh")
	if err != nil {
		keys = ".ssh"
	}
	flags.StringVarP(&f.User, "username", "l", "", "user of the guest; the client's choice if unset")
	flags.IntVarP(&f.Port, "port", "p", 22, "port of the guest's ssh server")
	flags.StringVarP(&f.IdentityFile, identityFlag, "i", filepath.Join(keys, "id_rsa"), "private key to log in with; the default is used if it exists")
	flags.StringVar(&f.KnownHosts, "known-hosts", filepath.Join(keys, "kubevirt_known_hosts"), "file of the guests' host keys")
	flags.StringArrayVarP(&f.Options, "local-ssh-opts", "t", nil, "argument for the local client; can be given more than once")
}

// Check reads which flags were given.
func (f *Flags) Check(flags *pflag.FlagSet) { f.IdentitySet = flags.Changed(identityFlag) }

// notPassedOn are flags that a target's own namespace, or the command, replaces.
var notPassedOn = map[string]bool{"namespace": true, "help": true}

// Inherited returns the flags of the root command that were given, for another
// virtctl that must reach the same cluster as the same user.
func Inherited(flags *pflag.FlagSet) []string {
	var args []string
	flags.Visit(func(f *pflag.Flag) {
		if notPassedOn[f.Name] {
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
	return args
}
