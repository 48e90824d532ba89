package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// tidyTimeout is what a program gets to put the terminal, or a device, back in order.
const tidyTimeout = 2 * time.Second

// Command prepares a program of this machine that is interrupted, and if need be killed
// later, when the context ends.
func Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" { // knows no such signal
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = tidyTimeout
	return cmd
}

// ServeProgram runs a program whose connection to the listener gets the stream, and
// returns once the program is gone: with an *exec.ExitError if it has failed, with the
// stream's error if that has. A stream that ends in order leaves it to the program when
// to go.
func ServeProgram(ctx context.Context, listener net.Listener, stream io.ReadWriteCloser, cmd func(context.Context) *exec.Cmd) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	program := cmd(ctx)
	if err := program.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", program.Path, err)
	}
	session, ended := make(chan error, 1), make(chan error, 1)
	go func() { session <- ServeOne(ctx, listener, stream) }()
	go func() { ended <- program.Wait() }()
	select {
	case err := <-ended:
		return err
	case err := <-session:
		if err != nil {
			cancel()
			<-ended
			return err
		}
		return <-ended
	}
}
