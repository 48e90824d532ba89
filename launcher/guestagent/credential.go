package guestagent

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// Commands of the agent's protocol for who may log in.
const (
	commandAddKeys     = "guest-ssh-add-authorized-keys"
	commandRemoveKeys  = "guest-ssh-remove-authorized-keys"
	commandSetPassword = "guest-set-user-password"
)

// ErrPassword says that a password was not set. It never has the agent's words: those
// could repeat the password.
var ErrPassword = errors.New("the guest agent did not set the password")

type userKeys struct {
	User string   `json:"username"`
	Keys []string `json:"keys"`
}

// AddKeys lets the owners of ssh keys in as a user of the guest. Keys that the user has
// already stay as they are, and so do others.
func AddKeys(ctx context.Context, ask Ask, user string, keys []string) error {
	return ask.keys(ctx, commandAddKeys, user, keys)
}

// RemoveKeys no longer lets the owners of ssh keys in.
func RemoveKeys(ctx context.Context, ask Ask, user string, keys []string) error {
	return ask.keys(ctx, commandRemoveKeys, user, keys)
}

func (ask Ask) keys(ctx context.Context, command, user string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	err := ask.call(ctx, command, userKeys{user, keys}, nil)
	if err != nil {
		return fmt.Errorf("ssh keys of user %s: %w", user, ask.allowed(ctx, command, err))
	}
	return nil
}

// SetPassword gives a user of the guest a password.
func SetPassword(ctx context.Context, ask Ask, user, password string) error {
	err := ask.call(ctx, commandSetPassword, struct {
		User     string `json:"username"`
		Password string `json:"password"`
		Crypted  bool   `json:"crypted"`
	}{user, base64.StdEncoding.EncodeToString([]byte(password)), false}, nil)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, hypervisor.ErrRefused):
		return fmt.Errorf("user %s: %w: it did not answer", user, ErrPassword)
	case ask.forbids(ctx, commandSetPassword):
		return fmt.Errorf("user %s: %w: its configuration forbids %s", user, ErrPassword, commandSetPassword)
	}
	return fmt.Errorf("user %s: %w: it refused, as it does where there is no such user", user, ErrPassword)
}
