// Package proxy connects local programs with byte streams of the cluster.
package proxy

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

const (
	// linger is how long a guest may pause its answer once the local side sends no
	// more. A stream cannot say that one direction has ended, so nothing else would
	// end those whose guest waits for more.
	linger = 30 * time.Second
	// reasonTimeout bounds the wait for the reason why a stream takes no more.
	reasonTimeout = time.Second
)

// errSilent tells that a guest was given up that may have had more to say.
var errSilent = errors.New("the guest has not answered for " + linger.String() + " since the last that was sent to it")

// errGone tells that the local program has left, which is nobody's error.
var errGone = errors.New("the local program is gone")

// Pipe copies both ways until the stream ends, the local side is gone or the guest
// has fallen silent after the local side's last word, which is an error. Each direction holds one
// piece at a time, so a slow reader slows the writer down.
func Pipe(stream io.ReadWriteCloser, local io.ReadWriter) error {
	defer stream.Close()
	side, guest := &program{local: local}, &watched{stream: stream}
	sent, received := make(chan error, 1), make(chan error, 1)
	go func() { sent <- copyTo(stream, side) }()
	go func() { received <- copyTo(side, guest) }()
	select {
	case err := <-received:
		return unlessGone(err)
	case err := <-sent:
		if err != nil {
			return unlessGone(reason(err, received))
		}
	}
	for last := guest.pieces.Load(); ; {
		select {
		case err := <-received:
			return unlessGone(err)
		case <-time.After(linger):
			now := guest.pieces.Load()
			if now == last {
				return errSilent
			}
			last = now
		}
	}
}

func copyTo(to io.Writer, from io.Reader) error {
	_, err := io.Copy(to, from)
	return err
}

func unlessGone(err error) error {
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// reason prefers what the server says at a stream's end to what sending then fails
// with.
func reason(sending error, received <-chan error) error {
	if errors.Is(sending, errGone) {
		return sending
	}
	select {
	case err := <-received:
		if err != nil {
			return err
		}
	case <-time.After(reasonTimeout):
	}
	return sending
}

// program is the local side. Its errors are those of a program that has left.
type program struct{ local io.ReadWriter }

func (p *program) Read(b []byte) (int, error) {
	n, err := p.local.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errGone
	}
	return n, err
}

func (p *program) Write(b []byte) (int, error) {
	n, err := p.local.Write(b)
	if err != nil {
		err = errGone
	}
	return n, err
}

// watched counts the pieces that were read.
type watched struct {
	stream io.Reader
	pieces atomic.Int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.stream.Read(p)
	w.pieces.Add(1)
	return n, err
}
