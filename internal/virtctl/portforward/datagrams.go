package portforward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/proxy"
)

const (
	// idleTimeout ends the stream of a client that nothing passes for: datagrams
	// have no end of their own.
	idleTimeout = time.Minute
	// maxDatagram is the most that UDP carries.
	maxDatagram = 65535
	// queued datagrams per client wait for a slow stream; more are dropped, as a
	// network would.
	queued = 64
)

// datagrams forwards UDP: one stream per client, one message per datagram.
type datagrams struct {
	conn   net.PacketConn
	open   proxy.Opener
	report func(error)
	idle   time.Duration

	mutex   sync.Mutex
	clients map[string]chan []byte
}

func (d *datagrams) serve(ctx context.Context) error {
	d.clients = map[string]chan []byte{}
	defer context.AfterFunc(ctx, func() { _ = d.conn.Close() })()
	buffer := make([]byte, maxDatagram)
	for {
		n, from, err := d.conn.ReadFrom(buffer)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("receiving datagrams: %w", err)
		}
		select {
		case d.client(ctx, from) <- append([]byte(nil), buffer[:n]...):
		default:
		}
	}
}

// client returns the queue of a client, new with a stream of its own if need be.
func (d *datagrams) client(ctx context.Context, from net.Addr) chan []byte {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	queue := d.clients[from.String()]
	if queue == nil {
		queue = make(chan []byte, queued)
		d.clients[from.String()] = queue
		go func() {
			err := d.forward(ctx, from, queue)
			d.mutex.Lock()
			delete(d.clients, from.String())
			d.mutex.Unlock()
			if err != nil && ctx.Err() == nil {
				d.report(err)
			}
		}()
	}
	return queue
}

// forward serves one client until either side ends or nothing has passed for a
// while.
func (d *datagrams) forward(ctx context.Context, to net.Addr, queue <-chan []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	var passed atomic.Int64
	received := make(chan error, 1)
	go func() { received <- d.back(stream.(client.PacketReader), to, &passed) }()
	idle := time.NewTicker(d.idle)
	defer idle.Stop()
	for last := int64(0); ; {
		select {
		case datagram := <-queue:
			passed.Add(1)
			if _, err := stream.Write(datagram); err != nil {
				return err
			}
		case err := <-received:
			return err
		case <-idle.C:
			now := passed.Load()
			if now == last {
				return nil
			}
			last = now
		}
	}
}

// back hands the guest's datagrams to the client.
func (d *datagrams) back(stream client.PacketReader, to net.Addr, passed *atomic.Int64) error {
	for {
		datagram, err := stream.ReadPacket()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		passed.Add(1)
		// A client that is gone is noticed by its silence.
		_, _ = d.conn.WriteTo(datagram, to)
	}
}
