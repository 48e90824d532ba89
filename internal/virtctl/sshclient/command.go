package sshclient

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// Self is this virtctl, as its ssh client has to call it.
type Self struct {
	// Program is the path of this binary.
	Program string
	// Flags reach the same cluster as the same user.
	Flags []string
	// Windows has other rules of quoting.
	Windows bool
}

// clientArgs returns the arguments by which a client reaches the guest; they go before
// the destination.
func (f Flags) clientArgs(self Self, guest target.Target) ([]string, error) {
	if f.Port < 1 || f.Port > math.MaxUint16 {
		return nil, fmt.Errorf("--port %d is not a port of a guest: 1 to 65535 are", f.Port)
	}
	args := []string{
		"-o", "ProxyCommand=" + proxyCommand(self, guest, f.Port),
		"-o", "UserKnownHostsFile=" + strings.ReplaceAll(optionValue(f.KnownHosts), "%", "%%"),
	}
	switch _, err := os.Stat(f.IdentityFile); {
	case err == nil:
		args = append(args, "-i", f.IdentityFile)
	case f.IdentitySet:
		return nil, fmt.Errorf("the key of --%s: %w", identityFlag, err)
	}
	if f.User != "" {
		args = append(args, "-o", "User="+optionValue(f.User))
	}
	return append(args, f.Options...), nil
}

// proxyCommand is what the client runs for its connection. It passes through the
// user's shell, and the client expands percent signs first.
func proxyCommand(self Self, guest target.Target, port int) string {
	words := append([]string{self.Program, "port-forward", "--stdio=true"}, self.Flags...)
	words = append(words, guest.String(), fmt.Sprint(port))
	for i, word := range words {
		words[i] = strings.ReplaceAll(quote(word, self.Windows), "%", "%%")
	}
	return strings.Join(words, " ")
}

// plain words need no quotes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,@+"

func quote(word string, windows bool) string {
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	if windows {
		return `"` + strings.ReplaceAll(word, `"`, `\"`) + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// optionValue protects a value with blanks from the client, which splits it there.
func optionValue(value string) string { return `"` + value + `"` }

// hasKey tells whether the client finds any key by itself.
func hasKey(home string, agent bool) bool {
	if agent {
		return true
	}
	found, _ := filepath.Glob(filepath.Join(home, ".ssh", "id_*"))
	return len(found) > 0
}
