package ssh

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// self is this virtctl, as its ssh client has to call it.
type self struct {
	// program is the path of this binary.
	program string
	// flags reach the same cluster as the same user.
	flags []string
	// windows has other rules of quoting.
	windows bool
}

// clientArgs returns the arguments by which a client reaches the guest; they go before
// the destination.
func (s *session) clientArgs() ([]string, error) {
	f := s.flags
	switch {
	case f.port < 1 || f.port > math.MaxUint16:
		return nil, fmt.Errorf("--port %d is not a port of a guest: 1 to 65535 are", f.port)
	case strings.ContainsAny(f.user, `"'`) || strings.ContainsFunc(f.user, unicode.IsControl):
		return nil, fmt.Errorf("%q is not the name of a user: quotes and control characters are not allowed", f.user)
	case strings.ContainsFunc(f.knownHosts, unicode.IsControl):
		return nil, fmt.Errorf("--known-hosts %q: control characters are not allowed", f.knownHosts)
	}
	known := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(f.knownHosts)
	args := []string{
		"-o", "ProxyCommand=" + proxyCommand(s.self, s.guest, f.port),
		"-o", "ControlPath=none", // a shared connection may be one to another cluster
		"-o", "HostKeyAlias=" + alias(s.guest, s.server),
		"-o", "UserKnownHostsFile=" + quoted(known),
	}
	switch _, err := os.Stat(f.identityFile); {
	case err == nil:
		args = append(args, "-i", f.identityFile)
	case f.identitySet:
		return nil, fmt.Errorf("the key of --%s: %w", identityFlag, err)
	}
	if f.user != "" {
		args = append(args, "-o", "User="+quoted(f.user))
	}
	return append(args, f.options...), nil
}

// alias is what the client files the guest's host key under; guests of other clusters
// may have the same name.
func alias(guest target.Target, server string) string {
	sum := sha256.Sum256([]byte(server))
	return guest.Host() + "." + hex.EncodeToString(sum[:4])
}

// proxyCommand is what the client runs for its connection. It passes through the
// user's shell, and the client expands percent signs first.
func proxyCommand(self self, guest target.Target, port int) string {
	words := append([]string{self.program, "port-forward", "--stdio=true"}, self.flags...)
	words = append(words, guest.String(), fmt.Sprint(port))
	for i, word := range words {
		words[i] = strings.ReplaceAll(quote(word, self.windows), "%", "%%")
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

// quoted protects a value with blanks from the client, which splits it there.
func quoted(value string) string { return `"` + value + `"` }

// hasKey tells whether the client finds any key by itself.
func hasKey(home string, agent bool) bool {
	if agent {
		return true
	}
	found, _ := filepath.Glob(filepath.Join(home, ".ssh", "id_*"))
	return len(found) > 0
}
