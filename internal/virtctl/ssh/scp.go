package ssh

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/internal/virtctl/target"
)

// files are what is copied. One of the two is [USER@]TYPE/NAME[/NAMESPACE]:PATH, the
// other a local path.
type files struct {
	source, destination string
	recursive, preserve bool
}

// copy makes the session one of scp.
func (s *session) copy(f files) error {
	there, remoteSource := parseRemote(f.source)
	to, remoteDestination := parseRemote(f.destination)
	switch {
	case remoteSource && remoteDestination:
		return errors.New("both sides are guests: copy to this machine first")
	case !remoteSource && !remoteDestination:
		return fmt.Errorf("neither %q nor %q names a guest: one has to be [USER@]TYPE/NAME[/NAMESPACE]:PATH, TYPE being vm or vmi",
			f.source, f.destination)
	case remoteDestination:
		there = to
	}
	s.reach("scp", there.user, there.guest)
	path := s.guest.Host() + ":" + there.path
	if f.recursive {
		s.args = append(s.args, "-r")
	}
	if f.preserve {
		s.args = append(s.args, "-p")
	}
	if remoteSource {
		s.args = append(s.args, "--", path, local(f.destination))
	} else {
		s.args = append(s.args, "--", local(f.source), path)
	}
	return nil
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
