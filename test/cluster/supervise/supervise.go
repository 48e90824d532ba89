// Package supervise runs a set of programs, starts those again that end, and
// stops them in the reverse order of their start.
package supervise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Program is one program to be kept running.
type Program struct {
	// Name names the log file.
	Name string
	// Args are the program's path and arguments.
	Args []string
	// Env is added to the environment.
	Env []string
	// Ready, if set, has to return nil before the next program is started.
	Ready func() error
}

// Group is a set of programs that runs.
type Group struct {
	logs    string
	mu      sync.Mutex
	stopped bool
	running []*keeper
}

type keeper struct {
	program Program
	cmd     *exec.Cmd
	done    chan struct{}
}

// patience is how long a program may take to end before it is killed.
const patience = 8 * time.Second

// Start starts the programs in order, with their output appended to files in
// logs, and waits for each one's readiness (up to a minute).
func Start(ctx context.Context, logs string, programs []Program) (*Group, error) {
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return nil, fmt.Errorf("making the log directory: %w", err)
	}
	g := &Group{logs: logs}
	for _, p := range programs {
		k := &keeper{program: p, done: make(chan struct{})}
		g.mu.Lock()
		g.running = append(g.running, k)
		g.mu.Unlock()
		go g.keep(k)
		if err := waitReady(ctx, p); err != nil {
			return g, err
		}
	}
	return g, nil
}

func waitReady(ctx context.Context, p Program) error {
	if p.Ready == nil {
		return nil
	}
	deadline := time.Now().Add(time.Minute)
	for {
		err := p.Ready()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after a minute: %w", p.Name, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// keep runs one program over and over until the group stops.
func (g *Group) keep(k *keeper) {
	defer close(k.done)
	for {
		started := time.Now()
		err := g.runOnce(k)
		if g.stopping() {
			return
		}
		fmt.Fprintf(os.Stderr, "%s %s ended: %v; starting it again\n", time.Now().Format(time.RFC3339), k.program.Name, err)
		if time.Since(started) < 5*time.Second {
			time.Sleep(time.Second)
		}
	}
}

func (g *Group) stopping() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopped
}

func (g *Group) runOnce(k *keeper) error {
	p := k.program
	log, err := os.OpenFile(filepath.Join(g.logs, p.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(p.Args[0], p.Args[1:]...)
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	g.mu.Lock()
	if g.stopped {
		g.mu.Unlock()
		return nil
	}
	err = cmd.Start()
	k.cmd = cmd
	g.mu.Unlock()
	if err != nil {
		return err
	}
	return cmd.Wait()
}

// Stop ends all programs, the one started last first.
func (g *Group) Stop() {
	g.mu.Lock()
	g.stopped = true
	running := g.running
	g.mu.Unlock()
	for i := len(running) - 1; i >= 0; i-- {
		k := running[i]
		g.signal(k, syscall.SIGTERM)
		select {
		case <-k.done:
		case <-time.After(patience):
			g.signal(k, syscall.SIGKILL)
			<-k.done
		}
	}
}

func (g *Group) signal(k *keeper, sig syscall.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if k.cmd != nil && k.cmd.Process != nil {
		_ = k.cmd.Process.Signal(sig)
	}
}
