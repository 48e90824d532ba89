package hook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// lookAgain is the time between two looks for a sidecar's socket.
	lookAgain = 50 * time.Millisecond
	// greeting is how long a socket may take to answer before the next is tried.
	greeting = 2 * time.Second
)

// meet waits for a sidecar to listen, and has it introduce itself.
func (s *Sidecars) meet(ctx context.Context, container string) (sidecar, error) {
	silent := errors.New("it does not listen on a socket in its hooks directory")
	for {
		for _, socket := range sockets(filepath.Join(s.Dir, container)) {
			connection, info, err := greet(ctx, socket)
			if err != nil {
				silent = err
				continue
			}
			one, err := introduced(container, info)
			if err != nil {
				_ = connection.Close()
				return sidecar{}, fmt.Errorf("%w: %s (%s): %w", ErrUnusable, container, info.GetName(), err)
			}
			one.connection = connection
			return one, nil
		}
		select {
		case <-ctx.Done():
			return sidecar{}, fmt.Errorf("%w: %s has not answered: %w", ErrSidecar, container, silent)
		case <-time.After(lookAgain):
		}
	}
}

// sockets lists the sockets in a directory, the newest first: a sidecar that was
// started again may have left one behind.
func sockets(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []os.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().Type() == os.ModeSocket {
			found = append(found, info)
		}
	}
	slices.SortStableFunc(found, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var paths []string
	for _, info := range found {
		paths = append(paths, filepath.Join(dir, info.Name()))
	}
	return paths
}

func greet(ctx context.Context, socket string) (*grpc.ClientConn, *InfoResult, error) {
	// The name of a socket is the sidecar's choice, and no address to be taken apart.
	connection, err := grpc.NewClient("passthrough:localhost",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx, socket) }))
	if err != nil {
		return nil, nil, fmt.Errorf("connecting: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	info := &InfoResult{}
	if err := connection.Invoke(ctx, InfoMethod, &InfoParams{}, info); err != nil {
		_ = connection.Close()
		return nil, nil, fmt.Errorf("asking who it is: %w", err)
	}
	return connection, info, nil
}

// dial connects to a socket, and to nothing that a sidecar puts in its place: it could
// point at sockets that only the launcher reaches.
func dial(ctx context.Context, socket string) (net.Conn, error) {
	fd, err := unix.Open(socket, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", filepath.Base(socket), err)
	}
	defer func() { _ = unix.Close(fd) }()
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return nil, fmt.Errorf("looking at %s: %w", filepath.Base(socket), err)
	}
	if found.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, fmt.Errorf("%s is no socket", filepath.Base(socket))
	}
	return (&net.Dialer{}).DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d", fd))
}
