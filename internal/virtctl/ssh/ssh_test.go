package ssh

import (
	"slices"
	"strings"
	"testing"
)

func TestLogin(t *testing.T) {
	for _, tc := range []struct {
		at, command, userFlag string
		user, guest           string
		args                  []string
		problem               string
	}{
		{"fedora@vm/web", "", "", "fedora", "vm/web/shop", []string{"vm.web.shop"}, ""},
		{"vmi/web/lab", "uname -a", "", "", "vmi/web/lab", []string{"vmi.web.lab", "uname -a"}, ""},
		{"fedora@vm/web", "", "root", "root", "vm/web/shop", []string{"vm.web.shop"}, ""},
		{"web", "", "", "", "", nil, "write vm/NAME"},
	} {
		s := session{namespace: "shop", flags: loginFlags{user: tc.userFlag}}
		err := s.login(tc.at, tc.command)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%s: %v", tc.at, err)
			}
			continue
		}
		if err != nil || s.program != "ssh" || s.flags.user != tc.user || s.guest.String() != tc.guest || !slices.Equal(s.args, tc.args) {
			t.Errorf("%s: %v, %s %q for %s as %q", tc.at, err, s.program, s.args, s.guest, s.flags.user)
		}
	}
}
