package main

import (
	"strings"
	"testing"
)

func TestAccepts(t *testing.T) {
	for _, test := range []struct {
		actor, args, refused string
	}{
		{"api", "--v 5", ""},
		{"api", "--handler-port 8187", ""},
		{"controller", "--v=3", ""},
		{"handler", "--kubelet-dir /var/lib/kubelet", ""},
		{"control-plane", "--launcher-image x", ""},
		{"handler", "--handler-port 8187", "unknown flag"},
		{"api", "--v much", "invalid argument"},
		{"api", "--v", "needs an argument"},
		{"controller", "--help", "help"},
		{"nobody", "--v 5", "no actor nobody"},
	} {
		err := accepts(test.actor, strings.Fields(test.args))
		if (err != nil) != (test.refused != "") || err != nil && !strings.Contains(err.Error(), test.refused) {
			t.Errorf("%s %s: %v, want %q", test.actor, test.args, err, test.refused)
		}
	}
}
