//go:build process

package run_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// outcome follows a command's exit status.
const outcome = "-is-the-outcome"

// shell is somebody who is logged in on the guest's serial console.
type shell struct {
	*pod
	console net.Conn
}

// login waits for the tiny guest and logs in. The connection stays: a guest that is slow
// to read would lose what is left when it ends.
func (p *pod) login() shell {
	p.t.Helper()
	p.waitSaid("login:", 1, 2*time.Minute)
	console, err := net.Dial("unix", filepath.Join(p.runDir, "serial0.sock"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { console.Close() })
	go func() { _, _ = io.Copy(io.Discard, console) }() // or the guest waits to be read
	s := shell{p, console}
	before := p.said("~ # ")
	s.enter("root")
	p.waitSaid("~ # ", before+1, time.Minute)
	return s
}

func (s shell) enter(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.console, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// run wants a command to succeed or to fail. What the console echoes must not look
// like the outcome.
func (s shell) run(command string, succeeds bool) {
	s.t.Helper()
	before := s.said(outcome)
	s.enter(command + "; echo $?-is-the-o''utcome")
	s.waitSaid(outcome, before+1, time.Minute)
	log, err := os.ReadFile(filepath.Join(s.runDir, "serial0.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	all := string(log)
	if (all[strings.LastIndex(all, outcome)-1] == '0') != succeeds {
		s.t.Errorf("%s: %s", command, all[max(len(all)-300, 0):])
	}
}
