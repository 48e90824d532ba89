package ssh

import (
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

const identityFlag = "identity-file"

// loginFlags are what ssh and scp have in common.
type loginFlags struct {
	// user to log in as; empty leaves it to the client.
	user string
	// port that the guest's ssh server listens on.
	port int
	// identityFile is the private key. A default that does not exist is not used.
	identityFile string
	// identitySet tells that the user has named the key.
	identitySet bool
	// knownHosts is the client's file of host keys.
	knownHosts string
	// options are passed on to the client as they are.
	options []string
}

// add makes a command take the flags.
func (f *loginFlags) add(flags *pflag.FlagSet) {
	home, err := os.UserHomeDir()
	keys := filepath.Join(home, ".ssh")
	if err != nil {
		keys = ".ssh"
	}
	flags.StringVarP(&f.user, "username", "l", "", "user of the guest; the client's choice if unset")
	flags.IntVarP(&f.port, "port", "p", 22, "port of the guest's ssh server")
	flags.StringVarP(&f.identityFile, identityFlag, "i", filepath.Join(keys, "id_rsa"), "private key to log in with; the default is used if it exists")
	flags.StringVar(&f.knownHosts, "known-hosts", filepath.Join(keys, "kubevirt_known_hosts"), "file of the guests' host keys")
	flags.StringArrayVarP(&f.options, "local-ssh-opts", "t", nil, "argument for the local client; can be given more than once")
}
