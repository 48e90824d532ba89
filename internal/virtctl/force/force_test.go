package force

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestFlags(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"", ""},
		{"--force --grace-period=0", ""},
		{"--force", "--force needs --grace-period=0"},
		{"--grace-period=0", "only together with --force"},
		{"--force --grace-period=5", "takes only 0"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			var f Flags
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			f.Add(flags, "stop the guest")
			if err := flags.Parse(strings.Fields(tc.args)); err != nil {
				t.Fatal(err)
			}
			err := f.Check(flags)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if seconds := f.Seconds(); err == nil && (seconds != nil) != f.Force || seconds != nil && err == nil && *seconds != 0 {
				t.Errorf("asks for %v seconds", seconds)
			}
		})
	}
}
