//go:build process

package streams

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
)

// link is a wire between a client and a server that can be cut without either of
// them being told.
type link struct {
	listener net.Listener
	to       string

	mutex sync.Mutex
	cut   bool
	// sides are the connections of both ends.
	sides []net.Conn
}

// newLink carries connections made to one address to another.
func newLink(t *testing.T, from, to string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	must(t, err)
	l := &link{listener: listener, to: to}
	go l.run()
	t.Cleanup(func() {
		listener.Close()
		l.mutex.Lock()
		defer l.mutex.Unlock()
		for _, side := range l.sides {
			side.Close()
		}
	})
	return l
}

func (l *link) run() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", l.to)
		if err != nil {
			near.Close()
			continue
		}
		l.mutex.Lock()
		l.sides = append(l.sides, near, far)
		l.mutex.Unlock()
		go l.carry(near, far)
		go l.carry(far, near)
	}
}

// carry copies until the wire is cut; from then on nobody hears of anything.
func (l *link) carry(from, to net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if l.isCut() {
			return
		}
		if n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

func (l *link) isCut() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.cut
}

// cutOff ends the traffic, but no connection.
func (l *link) cutOff() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.cut = true
}

// through dials a link instead of the address.
func (l *link) through(ctx context.Context, network, _ string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, l.listener.Addr().String())
}

// smallWindow dials so that the kernel keeps little for a client that does not read.
func smallWindow(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var inner error
		err := raw.Control(func(fd uintptr) {
			inner = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
		})
		if err != nil {
			return err
		}
		return inner
	}}
	return dialer.DialContext(ctx, network, address)
}
