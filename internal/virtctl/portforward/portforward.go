package portforward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/proxy"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// Options of one run.
type Options struct {
	// Address to listen on.
	Address string
	// Stdio connects In and Out with the one port instead of listening.
	Stdio    bool
	In       io.Reader
	Out, Err io.Writer

	guest target.Target
	ports []port
}

func (o *Options) parse(args []string) (err error) {
	if o.guest, err = target.Parse(args[0]); err != nil {
		return err
	}
	for _, arg := range args[1:] {
		p, err := parsePort(arg)
		if err != nil {
			return err
		}
		o.ports = append(o.ports, p)
	}
	if o.Stdio && len(o.ports) != 1 {
		return errors.New("--stdio takes one port")
	}
	return nil
}

// Run forwards until the context ends, with --stdio until the connection does.
func Run(ctx context.Context, c *client.Client, o Options) error {
	c = c.In(o.guest.Namespace)
	if o.Stdio {
		stream, err := c.StreamWith(ctx, o.guest.Resource, o.guest.Name, o.ports[0].path(), nil)
		if err != nil {
			return fmt.Errorf("connecting to port %d of %s: %w", o.ports[0].target, o.guest, err)
		}
		return proxy.Pipe(stream, stdio{o.In, o.Out})
	}
	if err := proxy.CheckAddress(o.Address, o.Err); err != nil {
		return err
	}
	// A stopped guest may be started later.
	if err := c.Exists(ctx, o.guest.Resource, o.guest.Name); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var forwards []forward
	for _, p := range o.ports {
		f, err := listen(ctx, c, o, p)
		if err != nil {
			return err
		}
		forwards = append(forwards, f)
	}
	ended := make(chan error, len(forwards))
	for _, f := range forwards {
		fmt.Fprintf(o.Out, "forwarding %s %s to %d\n", f.protocol, f.local, f.target)
		go func() { ended <- f.serve(ctx) }()
	}
	return <-ended
}

type stdio struct {
	io.Reader
	io.Writer
}

// forward is one port that is being listened on.
type forward struct {
	port
	local net.Addr
	serve func(context.Context) error
}

func listen(ctx context.Context, c *client.Client, o Options, p port) (forward, error) {
	open := func(ctx context.Context) (io.ReadWriteCloser, error) {
		return c.StreamWith(ctx, o.guest.Resource, o.guest.Name, p.path(), nil)
	}
	report := func(err error) {
		fmt.Fprintf(o.Err, "error: a connection to %s port %d of %s: %v\n", p.protocol, p.target, o.guest, err)
	}
	if p.protocol == udp {
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", net.JoinHostPort(o.Address, fmt.Sprint(p.local)))
		if err != nil {
			return forward{}, fmt.Errorf("listening for datagrams: %w", err)
		}
		relay := &datagrams{conn: conn, open: open, report: report, idle: idleTimeout}
		return forward{p, conn.LocalAddr(), relay.serve}, nil
	}
	listener, err := proxy.Listen(ctx, o.Address, int(p.local))
	if err != nil {
		return forward{}, err
	}
	return forward{p, listener.Addr(), func(ctx context.Context) error {
		return proxy.Serve(ctx, listener, open, report)
	}}, nil
}
