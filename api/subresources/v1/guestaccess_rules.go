package v1

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Bounds of what is asked of a guest and of what it answers.
const (
	// MaxExecStdin is how many bytes a program may be given to read.
	MaxExecStdin = 1 << 20
	// MaxExecOutput is how many bytes of each of a program's outputs are kept.
	MaxExecOutput = 1 << 20
	// MaxExecCommand is how many bytes a program's command and environment may have
	// as JSON: the guest agent is told both in one message of 128 KiB.
	MaxExecCommand = 120 << 10
	// DefaultExecSeconds and MaxExecSeconds are how long a program's end is waited for.
	DefaultExecSeconds = 30
	MaxExecSeconds     = 3600
	// MaxFilePiece is how many bytes of a file are read or written at once.
	MaxFilePiece = 1 << 20
	// MaxFilePath is how many bytes the path of a file may have.
	MaxFilePath = 4096
)

// absolute are the absolute paths of a guest: Unix's, those with a Windows drive, and
// Windows shares.
var absolute = regexp.MustCompile(`^(/|[A-Za-z]:[/\\]|\\\\)`)

// Validate says what is wrong with a program to run, by its JSON field.
func (o *GuestExecOptions) Validate() error {
	if len(o.Command) == 0 || o.Command[0] == "" {
		return errors.New("command: the path of a program, and its arguments, are required")
	}
	for i, variable := range o.Env {
		if name, _, found := strings.Cut(variable, "="); !found || name == "" {
			return fmt.Errorf("env[%d]: %.100q is not allowed: NAME=value is", i, variable)
		}
	}
	if strings.Contains(strings.Join(o.Command, "")+strings.Join(o.Env, ""), "\x00") {
		return errors.New("command and env: no text of a command line may hold a NUL")
	}
	if size := o.CommandSize(); size > MaxExecCommand {
		return fmt.Errorf("command and env: %d bytes, as JSON, are not allowed: the guest's agent takes %d at most",
			size, MaxExecCommand)
	}
	if len(o.Stdin) > MaxExecStdin {
		return fmt.Errorf("stdin: %d bytes are not allowed: %d at most are", len(o.Stdin), MaxExecStdin)
	}
	if seconds := o.TimeoutSeconds; seconds != nil && (*seconds < 1 || *seconds > MaxExecSeconds) {
		return fmt.Errorf("timeoutSeconds: %d is not allowed: 1 to %d are", *seconds, MaxExecSeconds)
	}
	return nil
}

// CommandSize is what MaxExecCommand bounds.
func (o *GuestExecOptions) CommandSize() int {
	size := 0
	for _, words := range [][]string{o.Command, o.Env} {
		raw, _ := json.Marshal(words) // strings can always be encoded
		size += len(raw)
	}
	return size
}

// Validate says what is wrong with a piece of a file, by its JSON field.
func (o *GuestFileOptions) Validate() error {
	if err := ValidateGuestPath(o.Path); err != nil {
		return err
	}
	switch {
	case o.Offset < 0:
		return fmt.Errorf("offset: %d is not allowed: it must not be negative", o.Offset)
	case o.Length < 0 || o.Length > MaxFilePiece:
		return fmt.Errorf("length: %d is not allowed: %d at most are", o.Length, MaxFilePiece)
	case len(o.Data) > MaxFilePiece:
		return fmt.Errorf("data: %d bytes are not allowed: %d at most are", len(o.Data), MaxFilePiece)
	}
	return nil
}

// ValidateGuestPath says what is wrong with the path of a file in a guest.
func ValidateGuestPath(path string) error {
	if !absolute.MatchString(path) || len(path) > MaxFilePath || strings.Contains(path, "\x00") {
		return fmt.Errorf("path: %.100q is not allowed: the absolute path of a file in the guest, of %d bytes at most, is",
			path, MaxFilePath)
	}
	return nil
}
