package vnc

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// viewer is a kind of VNC viewer.
type viewer struct {
	kind string
	// programs by operating system, in the order they are looked for: names on the
	// PATH, or patterns of paths.
	programs map[string][]string
	// args that make it show the display at an address.
	args func(host, port string) []string
}

// viewers in the order they are looked for.
var viewers = []viewer{
	{"remote-viewer", map[string][]string{
		"linux": {"remote-viewer"}, "darwin": {"remote-viewer"}, "windows": {"remote-viewer.exe", `C:\Program Files\VirtViewer*\bin\remote-viewer.exe`},
	}, func(host, port string) []string { return []string{"vnc://" + net.JoinHostPort(host, port)} }},
	{"tiger", map[string][]string{
		"linux":   {"xtigervncviewer", "vncviewer"},
		"darwin":  {"/Applications/TigerVNC*.app/Contents/MacOS/TigerVNC*", "vncviewer"},
		"windows": {"vncviewer.exe", `C:\Program Files\TigerVNC\vncviewer.exe`},
	}, doubleColon},
	{"real", map[string][]string{
		"linux":   {"vncviewer"},
		"darwin":  {"/Applications/VNC Viewer.app/Contents/MacOS/vncviewer"},
		"windows": {"vncviewer.exe", `C:\Program Files\RealVNC\VNC Viewer\vncviewer.exe`},
	}, func(host, port string) []string {
		return append([]string{"-WarnUnencrypted=0"}, doubleColon(host, port)...)
	}},
	{"chicken", map[string][]string{
		"darwin": {"/Applications/Chicken.app/Contents/MacOS/Chicken"},
	}, func(host, port string) []string { return []string{net.JoinHostPort(host, port)} }},
}

// doubleColon is how viewers tell a port from the number of a display.
func doubleColon(host, port string) []string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return []string{host + "::" + port}
}

func viewerTypes() []string {
	var types []string
	for _, v := range viewers {
		types = append(types, v.kind)
	}
	return types
}

// machine is where a viewer is looked for.
type machine struct {
	os string
	// look finds a name on the PATH, glob the files of a pattern.
	look func(name string) (string, error)
	glob func(pattern string) ([]string, error)
}

// choose returns the viewer to start: the given program, else the first that is
// there of the wanted kind, or of any.
func choose(m machine, kind, path string) (viewer, string, error) {
	if path != "" {
		program, err := m.look(path)
		if err != nil {
			return viewer{}, "", fmt.Errorf("--vnc-path: %w", err)
		}
		return ofProgram(kind, program), program, nil
	}
	for _, v := range viewers {
		if kind != "" && v.kind != kind {
			continue
		}
		for _, name := range v.programs[m.os] {
			if program := find(m, name); program != "" {
				return v, program, nil
			}
		}
	}
	wanted := "no VNC viewer"
	if kind != "" {
		wanted = "no VNC viewer of the type " + kind
	}
	return viewer{}, "", fmt.Errorf("%s is installed: install one (%s), name its program with --vnc-path, "+
		"or connect your own to the port that --proxy-only opens", wanted, installable[m.os])
}

// installable viewers by operating system, for the message that none is there.
var installable = map[string]string{
	"linux":   "the package tigervnc-viewer or virt-viewer",
	"darwin":  "TigerVNC or RealVNC's VNC Viewer",
	"windows": "TigerVNC or virt-viewer",
}

func find(m machine, name string) string {
	if !strings.ContainsAny(name, `/\`) {
		program, err := m.look(name)
		if err != nil {
			return ""
		}
		return program
	}
	found, _ := m.glob(name)
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// ofProgram guesses a viewer's kind by its program unless it was given.
func ofProgram(kind, program string) viewer {
	if kind == "" {
		kind = "tiger"
		if strings.HasPrefix(filepath.Base(program), "remote-viewer") {
			kind = "remote-viewer"
		}
	}
	return viewers[slices.IndexFunc(viewers, func(v viewer) bool { return v.kind == kind })]
}
