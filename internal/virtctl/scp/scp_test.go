package scp

import (
	"slices"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/internal/virtctl/sshclient"
)

func TestSession(t *testing.T) {
	for _, tc := range []struct {
		options Options
		args    string
		guest   string
		user    string
		problem string
	}{
		{Options{Source: "notes", Destination: "fedora@vm/web:"}, "-- notes vm.web.shop:", "vm/web/shop", "fedora", ""},
		{Options{Source: "vmi/web/lab:/var/log", Destination: "logs", Recursive: true, Preserve: true},
			"-r -p -- vmi.web.lab:/var/log logs", "vmi/web/lab", "", ""},
		{Options{Source: "a:b", Destination: "vm/web:c:d"}, "-- ./a:b vm.web.shop:c:d", "vm/web/shop", "", ""},
		{Options{Source: "dir/a:b", Destination: "vm/web:c"}, "-- dir/a:b vm.web.shop:c", "vm/web/shop", "", ""},
		{Options{Source: "-rf", Destination: "fedora@vm/web:", Client: sshclient.Flags{User: "root"}}, "-- -rf vm.web.shop:", "vm/web/shop", "root", ""},
		{Options{Source: "vm/a:x", Destination: "vm/b:y"}, "", "", "", "both sides are guests"},
		{Options{Source: "x", Destination: "web:y"}, "", "", "", "neither"},
	} {
		tc.options.Namespace = "shop"
		got, err := tc.options.session()
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%+v: %v, want %q", tc.options, err, tc.problem)
			}
			continue
		}
		if err != nil || !slices.Equal(got.Args, strings.Split(tc.args, " ")) || got.Guest.String() != tc.guest || got.Flags.User != tc.user {
			t.Errorf("%s %s: %v, %q for %s as %q", tc.options.Source, tc.options.Destination, err, got.Args, got.Guest, got.Flags.User)
		}
	}
}
