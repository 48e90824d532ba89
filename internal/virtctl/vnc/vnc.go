package vnc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/proxy"
)

// Options of one session.
type Options struct {
	Name string
	// Address and Port to listen on; port 0 takes a free one.
	Address string
	Port    int
	// ProxyOnly starts no viewer.
	ProxyOnly bool
	// PreserveSession leaves somebody who is connected alone.
	PreserveSession bool
	// ViewerType and ViewerPath say which viewer to start; empty ones are found.
	ViewerType, ViewerPath string
	Out, Err               io.Writer
}

func (o Options) validate() error {
	if o.Port < 0 || o.Port > math.MaxUint16 {
		return fmt.Errorf("--port %d is not a port: 0 to 65535 are", o.Port)
	}
	if o.ViewerType != "" && !slices.Contains(viewerTypes(), o.ViewerType) {
		return fmt.Errorf("--vnc-type %q is not known: %s are", o.ViewerType, strings.Join(viewerTypes(), ", "))
	}
	return nil
}

// Run shows the display in a viewer until that ends, or serves a local port until
// the context does.
func Run(ctx context.Context, c *client.Client, o Options) error {
	if err := proxy.CheckAddress(o.Address, o.Err); err != nil {
		return err
	}
	if o.ProxyOnly {
		return serve(ctx, c, o)
	}
	v, program, err := choose(machine{runtime.GOOS, exec.LookPath, filepath.Glob}, o.ViewerType, o.ViewerPath)
	if err != nil {
		return err
	}
	return show(ctx, c, o, v, program)
}

func open(ctx context.Context, c *client.Client, o Options) (io.ReadWriteCloser, error) {
	query := url.Values{}
	if o.PreserveSession {
		query.Set("preserveSession", "true")
	}
	stream, err := c.StreamWith(ctx, client.InstanceResource, o.Name, "vnc", query)
	if err != nil {
		return nil, fmt.Errorf("opening the display of %s: %w", o.Name, err)
	}
	return stream, nil
}

// serve prints the local port as a line that programs read, and serves it.
func serve(ctx context.Context, c *client.Client, o Options) error {
	if err := c.Exists(ctx, client.InstanceResource, o.Name); err != nil {
		return err
	}
	listener, err := proxy.Listen(ctx, o.Address, o.Port)
	if err != nil {
		return err
	}
	defer listener.Close()
	line := struct {
		Port int `json:"port"`
	}{proxy.Port(listener)}
	if err := json.NewEncoder(o.Out).Encode(line); err != nil {
		return fmt.Errorf("printing the port: %w", err)
	}
	opener := func(ctx context.Context) (io.ReadWriteCloser, error) { return open(ctx, c, o) }
	return proxy.Serve(ctx, listener, opener, func(err error) { fmt.Fprintln(o.Err, "error:", err) })
}

// show opens the display first, so that a refusal comes before any window does.
func show(ctx context.Context, c *client.Client, o Options, v viewer, program string) error {
	stream, err := open(ctx, c, o)
	if err != nil {
		return err
	}
	defer stream.Close()
	listener, err := proxy.Listen(ctx, o.Address, o.Port)
	if err != nil {
		return err
	}
	defer listener.Close()
	err = proxy.ServeProgram(ctx, listener, stream, func(ctx context.Context) *exec.Cmd {
		cmd := proxy.Command(ctx, program, v.args(reachable(o.Address), strconv.Itoa(proxy.Port(listener)))...)
		cmd.Stderr = o.Err
		return cmd
	})
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the viewer %s has failed: %w", program, err)
	}
	if err != nil {
		return fmt.Errorf("the display of %s: %w", o.Name, err)
	}
	return nil
}

// reachable is the address for a viewer of this machine.
func reachable(address string) string {
	if ip := net.ParseIP(address); ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return address
}
