package scp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/internal/virtctl/sshclient"
	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// Options of one copy.
type Options struct {
	// One of the two is [USER@]TYPE/NAME[/NAMESPACE]:PATH, the other a local path.
	Source, Destination string
	// Namespace of a target that names none.
	Namespace string
	Recursive bool
	Preserve  bool
	Client    sshclient.Flags
	Self      sshclient.Self
	In        io.Reader
	Out, Err  io.Writer
}

// Run copies and ends with the exit code of the client.
func Run(ctx context.Context, o Options) error {
	session, err := o.session()
	if err != nil {
		return err
	}
	return sshclient.Run(ctx, session)
}

func (o Options) session() (sshclient.Session, error) {
	from, remoteSource := parseRemote(o.Source)
	to, remoteDestination := parseRemote(o.Destination)
	if remoteSource && remoteDestination {
		return sshclient.Session{}, errors.New("both sides are guests: copy to this machine first")
	}
	if !remoteSource && !remoteDestination {
		return sshclient.Session{}, fmt.Errorf("neither %q nor %q names a guest: one has to be [USER@]TYPE/NAME[/NAMESPACE]:PATH, TYPE being vm or vmi",
			o.Source, o.Destination)
	}
	there, paths := from, []string{"", local(o.Destination)}
	side := 0
	if remoteDestination {
		there, paths, side = to, []string{local(o.Source), ""}, 1
	}
	there.guest = there.guest.In(o.Namespace)
	paths[side] = there.guest.Host() + ":" + there.path
	if o.Client.User == "" {
		o.Client.User = there.user
	}
	var args []string
	if o.Recursive {
		args = append(args, "-r")
	}
	if o.Preserve {
		args = append(args, "-p")
	}
	args = append(args, "--", paths[0], paths[1])
	return sshclient.Session{
		Program: "scp", Flags: o.Client, Self: o.Self, Guest: there.guest, Args: args, In: o.In, Out: o.Out, Err: o.Err,
	}, nil
}

// remote is a path in a guest.
type remote struct {
	user  string
	guest target.Target
	path  string
}

// parseRemote tells a path in a guest from a local one, which may hold colons too.
func parseRemote(s string) (remote, bool) {
	login, path, found := strings.Cut(s, ":")
	if !found {
		return remote{}, false
	}
	user, guest, err := target.ParseLogin(login)
	return remote{user, guest, path}, err == nil
}

// local keeps the client from taking a local path with a colon for another machine.
func local(path string) string {
	first, _, colon := strings.Cut(path, ":")
	if colon && filepath.VolumeName(path) == "" && !strings.Contains(first, "/") {
		return "./" + path
	}
	return path
}
