package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// escape is ctrl+], which terminals also send for ctrl+5.
const escape = 0x1d

// Options of one console session.
type Options struct {
	Name string
	// Timeout bounds the wait for the guest to run.
	Timeout  time.Duration
	In       io.Reader
	Out, Err io.Writer
}

// Run waits for the guest, connects the terminal with its serial console and
// returns when the user leaves or the stream ends.
func Run(ctx context.Context, c *client.Client, o Options) error {
	if err := waitRunning(ctx, c, o); err != nil {
		return err
	}
	stream, err := c.Stream(ctx, "virtualmachineinstances", o.Name, "console")
	if err != nil {
		return fmt.Errorf("opening the console of %s: %w", o.Name, err)
	}
	defer stream.Close()
	fmt.Fprintf(o.Err, "Successfully connected to %s console. Press Ctrl+] or Ctrl+5 to exit console.\n", o.Name)
	restore, err := raw(o.In)
	if err != nil {
		return err
	}
	defer restore()
	return attach(stream, o.In, o.Out)
}

// raw hands every key to the guest while standard input is a terminal.
func raw(in io.Reader) (restore func(), err error) {
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func() {}, nil
	}
	state, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return nil, fmt.Errorf("switching the terminal to raw mode: %w", err)
	}
	return func() { _ = term.Restore(int(file.Fd()), state) }, nil
}

// attach copies both ways until the user leaves or the stream ends. The end of
// a piped standard input does not end the session: the guest's output is still
// wanted.
func attach(stream io.ReadWriter, in io.Reader, out io.Writer) error {
	done := make(chan error, 2)
	go func() {
		_, err := io.Copy(out, stream)
		done <- err
	}()
	go func() {
		if left, err := send(stream, in); left || err != nil {
			done <- err
		}
	}()
	return <-done
}

// send copies the user's keys to the guest and reports whether the escape key
// ended it.
func send(stream io.Writer, in io.Reader) (left bool, err error) {
	buffer := make([]byte, 1024)
	for {
		n, readErr := in.Read(buffer)
		keys, _, found := bytes.Cut(buffer[:n], []byte{escape})
		if len(keys) > 0 {
			if _, err := stream.Write(keys); err != nil {
				return false, fmt.Errorf("sending to the guest: %w", err)
			}
		}
		if found {
			return true, nil
		}
		if errors.Is(readErr, io.EOF) {
			return false, nil
		}
		if readErr != nil {
			return false, fmt.Errorf("reading the terminal: %w", readErr)
		}
	}
}
