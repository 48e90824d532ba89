package ssh

import (
	"slices"
	"strings"
	"testing"
)

func TestCopy(t *testing.T) {
	for _, tc := range []struct {
		what     files
		userFlag string
		args     string
		guest    string
		user     string
		problem  string
	}{
		{files{source: "notes", destination: "fedora@vm/web:"}, "", "-- notes vm.web.shop:", "vm/web/shop", "fedora", ""},
		{files{source: "vmi/web/lab:/var/log", destination: "logs", recursive: true, preserve: true}, "",
			"-r -p -- vmi.web.lab:/var/log logs", "vmi/web/lab", "", ""},
		{files{source: "a:b", destination: "vm/web:c:d"}, "", "-- ./a:b vm.web.shop:c:d", "vm/web/shop", "", ""},
		{files{source: "dir/a:b", destination: "vm/web:c"}, "", "-- dir/a:b vm.web.shop:c", "vm/web/shop", "", ""},
		{files{source: "-rf", destination: "fedora@vm/web:"}, "root", "-- -rf vm.web.shop:", "vm/web/shop", "root", ""},
		{files{source: "vm/a:x", destination: "vm/b:y"}, "", "", "", "", "both sides are guests"},
		{files{source: "x", destination: "web:y"}, "", "", "", "", "neither"},
	} {
		s := session{namespace: "shop", flags: loginFlags{user: tc.userFlag}}
		err := s.copy(tc.what)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%+v: %v, want %q", tc.what, err, tc.problem)
			}
			continue
		}
		if err != nil || s.program != "scp" || !slices.Equal(s.args, strings.Split(tc.args, " ")) || s.guest.String() != tc.guest || s.flags.user != tc.user {
			t.Errorf("%+v: %v, %s %q for %s as %q", tc.what, err, s.program, s.args, s.guest, s.flags.user)
		}
	}
}
