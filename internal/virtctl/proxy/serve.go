package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// acceptPause is the wait after a connection that could not be accepted.
const acceptPause = 500 * time.Millisecond

// Opener opens the stream that one connection is for.
type Opener func(ctx context.Context) (io.ReadWriteCloser, error)

// Listen binds a local TCP port; 0 takes a free one.
func Listen(ctx context.Context, address string, port int) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(address, fmt.Sprint(port)))
	if err != nil {
		return nil, fmt.Errorf("listening for connections: %w", err)
	}
	return listener, nil
}

// CheckAddress refuses an empty --address, which would be all of this machine's, and
// warns of one that others reach.
func CheckAddress(address string, warn io.Writer) error {
	if address == "" {
		return errors.New("--address is empty: name an address of this machine, such as 127.0.0.1")
	}
	if ip := net.ParseIP(address); address != "localhost" && (ip == nil || !ip.IsLoopback()) {
		fmt.Fprintf(warn, "warning: others may connect too: --address %s is not an address that only this machine reaches\n", address)
	}
	return nil
}

// Port that a listener is bound to.
func Port(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }

// Serve gives every connection its own stream until the context ends. One that
// fails is reported and disturbs no other.
func Serve(ctx context.Context, listener net.Listener, open Opener, report func(error)) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = fmt.Errorf("accepting a connection: %w", err)
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			// Of open files, say, there may be enough again in a while.
			report(err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
			continue
		}
		connections.Go(func() {
			// A program that has closed its connection does not wait for the guest to.
			if err := connect(ctx, conn, open); err != nil && ctx.Err() == nil && !errors.Is(err, errSilent) {
				report(err)
			}
		})
	}
}

// ServeOne gives the first connection a stream that is already open and returns
// when it ends.
func ServeOne(ctx context.Context, listener net.Listener, stream io.ReadWriteCloser) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	conn, err := listener.Accept()
	listener.Close()
	if err != nil {
		stream.Close()
		if errors.Is(err, net.ErrClosed) {
			return ctx.Err()
		}
		return fmt.Errorf("accepting a connection: %w", err)
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	if err := Pipe(stream, conn); !errors.Is(err, errSilent) {
		return err
	}
	return nil
}

func connect(ctx context.Context, conn net.Conn, open Opener) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	stream, err := open(ctx)
	if err == nil {
		err = Pipe(stream, conn)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && err != nil {
		// A reset tells the local program what an orderly end would hide.
		_ = tcp.SetLinger(0)
	}
	return err
}
