package v1

import (
	"strings"
	"testing"
)

func TestGuestExecOptionsValidate(t *testing.T) {
	long := func(n int) []string { return []string{strings.Repeat("x", n)} }
	for _, tc := range []struct {
		options GuestExecOptions
		want    string
	}{
		{GuestExecOptions{}, "command: the path"},
		{GuestExecOptions{Command: []string{"", "a"}}, "command: the path"},
		{GuestExecOptions{Command: []string{"a\x00b"}}, "command and env: no text"},
		{GuestExecOptions{Command: []string{"a"}, Env: []string{"A=\x00"}}, "command and env: no text"},
		{GuestExecOptions{Command: []string{"a"}, Env: []string{"A=", "B"}}, `env[1]: "B" is not allowed: NAME=value is`},
		{GuestExecOptions{Command: []string{"a"}, Env: []string{"=b"}}, `env[0]: "=b" is not allowed`},
		{GuestExecOptions{Command: long(MaxExecCommand - 7)}, "command and env: 122881 bytes, as JSON, are not allowed: the guest's agent takes 122880"},
		// The agent is sent six bytes for each of these.
		{GuestExecOptions{Command: []string{strings.Repeat("<", 25000)}}, "command and env: 150008 bytes"},
		{GuestExecOptions{Command: []string{"a"}, Stdin: make([]byte, MaxExecStdin+1)}, "stdin: 1048577 bytes are not allowed: 1048576"},
		{GuestExecOptions{Command: []string{"a"}, TimeoutSeconds: new(int64(0))}, "timeoutSeconds: 0 is not allowed: 1 to 3600"},
		{GuestExecOptions{Command: []string{"a"}, TimeoutSeconds: new(int64(3601))}, "timeoutSeconds: 3601 is not allowed"},
	} {
		if err := tc.options.Validate(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %s", err, tc.want)
		}
	}
	for _, options := range []GuestExecOptions{
		{Command: []string{"a", ""}, Env: []string{"A=", "B=a=b"}, TimeoutSeconds: new(int64(3600))},
		{Command: long(MaxExecCommand - 8), Stdin: make([]byte, MaxExecStdin), TimeoutSeconds: new(int64(1))},
	} {
		if err := options.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestGuestFileOptionsValidate(t *testing.T) {
	for _, tc := range []struct {
		options GuestFileOptions
		want    string
	}{
		{GuestFileOptions{}, `path: "" is not allowed: the absolute path of a file in the guest, of 4096 bytes at most, is`},
		{GuestFileOptions{Path: "etc/motd"}, `path: "etc/motd"`},
		{GuestFileOptions{Path: "C:x"}, `path: "C:x"`},
		{GuestFileOptions{Path: "/a\x00"}, `path: "/a\x00"`},
		{GuestFileOptions{Path: "/" + strings.Repeat("a", MaxFilePath)}, "path: "},
		{GuestFileOptions{Path: "/a", Offset: -1}, "offset: -1 is not allowed"},
		{GuestFileOptions{Path: "/a", Length: -1}, "length: -1 is not allowed"},
		{GuestFileOptions{Path: "/a", Length: MaxFilePiece + 1}, "length: 1048577 is not allowed: 1048576"},
		{GuestFileOptions{Path: "/a", Data: make([]byte, MaxFilePiece+1)}, "data: 1048577 bytes"},
		{GuestFileOptions{Path: `C:\x`, Length: MaxFilePiece}, ""},
		{GuestFileOptions{Path: `c:/x`}, ""},
		{GuestFileOptions{Path: `\\server\x`, Data: make([]byte, MaxFilePiece)}, ""},
		{GuestFileOptions{Path: "/" + strings.Repeat("a", MaxFilePath-1), Offset: 1}, ""},
	} {
		got := ""
		if err := tc.options.Validate(); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tc.want) || (tc.want == "") != (got == "") {
			t.Errorf("%.40q: %s, want %s", tc.options.Path, got, tc.want)
		}
	}
}
