package vnc

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// on is a machine with some programs on its PATH, or in its folders.
func on(os string, programs ...string) machine {
	return machine{os, func(name string) (string, error) {
		if slices.Contains(programs, name) {
			return "/bin/" + strings.TrimPrefix(name, "/"), nil
		}
		return "", exec.ErrNotFound
	}, func(pattern string) ([]string, error) {
		if slices.Contains(programs, pattern) {
			return []string{pattern}, nil
		}
		return nil, nil
	}}
}

func TestChoose(t *testing.T) {
	chicken := "/Applications/Chicken.app/Contents/MacOS/Chicken"
	for name, tc := range map[string]struct {
		machine    machine
		kind, path string
		program    string
		args       string
		problem    string
	}{
		"the first":           {on("linux", "remote-viewer", "vncviewer"), "", "", "/bin/remote-viewer", "vnc://127.0.0.1:5901", ""},
		"any":                 {on("linux", "vncviewer"), "", "", "/bin/vncviewer", "127.0.0.1::5901", ""},
		"of a type":           {on("linux", "remote-viewer", "vncviewer"), "real", "", "/bin/vncviewer", "-WarnUnencrypted=0 127.0.0.1::5901", ""},
		"in a folder":         {on("darwin", chicken), "", "", chicken, "127.0.0.1:5901", ""},
		"given":               {on("linux", "/opt/myviewer"), "", "/opt/myviewer", "/bin/opt/myviewer", "127.0.0.1::5901", ""},
		"given, of a type":    {on("linux", "/opt/myviewer"), "remote-viewer", "/opt/myviewer", "/bin/opt/myviewer", "vnc://127.0.0.1:5901", ""},
		"given, known":        {on("linux", "remote-viewer-2"), "", "remote-viewer-2", "/bin/remote-viewer-2", "vnc://127.0.0.1:5901", ""},
		"given, missing":      {on("linux"), "", "/opt/myviewer", "", "", "--vnc-path"},
		"none":                {on("linux"), "", "", "", "", "--proxy-only"},
		"none of the type":    {on("linux", "vncviewer"), "remote-viewer", "", "", "", "of the type remote-viewer"},
		"not of this machine": {on("windows", "vncviewer"), "chicken", "", "", "", "TigerVNC"},
	} {
		v, program, err := choose(tc.machine, tc.kind, tc.path)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%s: %v, want %q", name, err, tc.problem)
			}
			continue
		}
		if err != nil || program != tc.program {
			t.Errorf("%s: %s %v, want %s", name, program, err, tc.program)
			continue
		}
		if args := strings.Join(v.args("127.0.0.1", "5901"), " "); args != tc.args {
			t.Errorf("%s: called with %s, want %s", name, args, tc.args)
		}
	}
	if _, _, err := choose(on("linux"), "", "/x"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("%v hides its cause", err)
	}
}

func TestValidate(t *testing.T) {
	for _, o := range []Options{{ViewerType: "ultra"}, {Port: -1}, {Port: 65536}} {
		if o.validate() == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, kind := range append(viewerTypes(), "") {
		if err := (Options{ViewerType: kind, Port: 5900}).validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{"0.0.0.0": "127.0.0.1::1", "::1": "[::1]::1", "10.0.0.1": "10.0.0.1::1", "localhost": "localhost::1"} {
		if got := doubleColon(reachable(address), "1")[0]; got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
