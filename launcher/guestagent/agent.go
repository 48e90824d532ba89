// Package guestagent speaks the QEMU guest agent's protocol through whoever owns
// its channel. Whatever the guest says is bounded before anything else sees it.
package guestagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// Ask has the agent carry out a command, as JSON, and returns its answer. What the
// agent refuses is hypervisor.ErrRefused in its own words.
type Ask func(ctx context.Context, command string) (answer string, err error)

// Commands of the agent's protocol.
const (
	commandInfo        = "guest-info"
	commandUsers       = "guest-get-users"
	commandFilesystems = "guest-get-fsinfo"
	commandFreezeState = "guest-fsfreeze-status"
	commandExec        = "guest-exec"
	commandExecStatus  = "guest-exec-status"
	commandOpen        = "guest-file-open"
	commandSeek        = "guest-file-seek"
	commandRead        = "guest-file-read"
	commandWrite       = "guest-file-write"
	commandFlush       = "guest-file-flush"
	commandClose       = "guest-file-close"
)

// maxMessage is how long a command may be. What its channel's socket does not take at
// once, libvirt sends twice, and the agent finds no sense in it.
const maxMessage = 128 << 10

// call carries one command out, unless its caller has given up: a piece of a file that
// nobody waits for could overwrite a newer one. Result, which may be nil, takes what
// the command returns.
func (ask Ask) call(ctx context.Context, command string, arguments, result any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	message, err := json.Marshal(struct {
		Execute   string `json:"execute"`
		Arguments any    `json:"arguments,omitempty"`
	}{command, arguments})
	if err != nil {
		return fmt.Errorf("encoding %s: %w", command, err)
	}
	if len(message) > maxMessage {
		return fmt.Errorf("%s has %d bytes, the guest agent takes at most %d", command, len(message), maxMessage)
	}
	answer, err := ask(ctx, string(message))
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal([]byte(answer), &struct {
		Return any `json:"return"`
	}{result}); err != nil {
		return fmt.Errorf("the guest agent's answer to %s makes no sense: %s", command, hypervisor.Bounded(err.Error()))
	}
	return nil
}

// allowed explains why a command has failed, where it is that the agent does not
// carry it out at all: distributions and administrators switch commands off.
func (ask Ask) allowed(ctx context.Context, command string, failure error) error {
	if !errors.Is(failure, hypervisor.ErrRefused) || !ask.forbids(ctx, command) {
		return failure
	}
	return fmt.Errorf("the configuration of the guest's agent forbids %s: %w", command, failure)
}

// forbids tells whether the agent says that it does not carry out a command.
func (ask Ask) forbids(ctx context.Context, command string) bool {
	_, commands, err := Commands(ctx, ask)
	if err != nil {
		return false
	}
	for _, known := range commands {
		if known.Name == command && known.Enabled {
			return false
		}
	}
	return true
}
