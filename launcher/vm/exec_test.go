package vm

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
)

func execute(
	ctx context.Context, m *Machine, options *subresources.GuestExecOptions,
) (result *subresources.GuestExecResult, err error) {
	err = m.Exec(ctx, options, func(got *subresources.GuestExecResult) error {
		result = got
		return nil
	})
	return result, err
}

func TestExec(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		began := time.Now()
		result, err := execute(t.Context(), m, f.program())
		if err != nil || result.ExitCode == nil || *result.ExitCode != 3 {
			t.Errorf("result %+v, %v", result, err)
		}
		if took := time.Since(began); took != (50+100+200)*time.Millisecond {
			t.Errorf("took %v", took)
		}
		f.want(t, execCommand, statusCommand, statusCommand, statusCommand)
	})
}

// Much input goes to the guest first.
func TestExecWithMuchInput(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		f.says = map[string]string{
			execCommand:        `{"return":{"pid":7}}`,
			statusCommand:      `{"return":{"exited":true,"exitcode":0,"out-data":"L3RtcC94Cg=="}}`,
			"guest-file-open":  `{"return":1}`,
			"guest-file-write": `{"return":{"count":25000}}`,
			"guest-file-flush": `{"return":{}}`, "guest-file-close": `{"return":{}}`,
		}
		result, err := execute(t.Context(), m, &subresources.GuestExecOptions{Command: []string{"cat"}, Stdin: make([]byte, 50000)})
		if err != nil || string(result.Stdout) != "/tmp/x\n" {
			t.Errorf("result %+v, %v", result, err)
		}
		f.want(t, execCommand, statusCommand, execCommand, statusCommand, "guest-file-open", "guest-file-write", "guest-file-write",
			"guest-file-flush", "guest-file-close", execCommand, statusCommand)
	})
}

func TestExecTakesTooLong(t *testing.T) {
	for name, tc := range map[string]struct {
		seconds *int64
		limit   time.Duration
		said    string
	}{
		"as long as is usual":  {nil, 30 * time.Second, "within 30s"},
		"as long as was asked": {new(int64(100)), 100 * time.Second, "within 1m40s"},
	} {
		t.Run(name, func(t *testing.T) {
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				program := f.program()
				f.ending, program.TimeoutSeconds = 1000, tc.seconds
				began := time.Now()
				_, err := execute(t.Context(), m, program)
				if took := time.Since(began); !errors.Is(err, ErrStillRunning) || took != tc.limit || !strings.Contains(err.Error(), tc.said) {
					t.Errorf("%v after %v", err, took)
				}
				// 50 ms, 100, 200, 400, 800, then every second.
				if asked := 1000 - f.ending; asked > int(tc.limit.Seconds())+5 {
					t.Errorf("asked %d times", asked)
				}
			})
		})
	}
}

// What a guest does while a program runs in it.
func TestExecMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile func(t *testing.T, m *Machine, f *fakeHypervisor)
		err       error
		took      time.Duration
	}{
		"paused and resumed": {func(t *testing.T, m *Machine, f *fakeHypervisor) {
			must(t, m.Pause(t.Context()))
			time.Sleep(10 * time.Second)
			must(t, m.Resume(t.Context()))
		}, nil, 11550 * time.Millisecond},
		"frozen and thawed": {func(t *testing.T, m *Machine, f *fakeHypervisor) {
			must(t, m.Freeze(t.Context(), time.Minute))
			time.Sleep(10 * time.Second)
			must(t, m.Thaw(t.Context()))
		}, nil, 11550 * time.Millisecond},
		"without its agent": {func(t *testing.T, m *Machine, f *fakeHypervisor) { f.agent(false) }, ErrNoAgent, 150 * time.Millisecond},
		"ended":             {func(t *testing.T, m *Machine, f *fakeHypervisor) { f.status(shutdown) }, ErrNotRunning, 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				program := f.program()
				began := time.Now()
				go func() {
					time.Sleep(100 * time.Millisecond)
					tc.meanwhile(t, m, f)
				}()
				_, err := execute(t.Context(), m, program)
				if took := time.Since(began); !errors.Is(err, tc.err) || took != tc.took {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

// muchInput is a program whose input needs a directory, which mktemp calls /tmp/x.
func (f *fakeHypervisor) muchInput() *subresources.GuestExecOptions {
	f.says = map[string]string{
		execCommand:        `{"return":{"pid":7}}`,
		statusCommand:      `{"return":{"exited":true,"exitcode":0,"out-data":"L3RtcC94Cg=="}}`,
		"guest-file-open":  `{"return":1}`,
		"guest-file-write": `{"return":{"count":25000}}`,
		"guest-file-flush": `{"return":{}}`, "guest-file-close": `{"return":{}}`,
	}
	return &subresources.GuestExecOptions{Command: []string{"cat"}, Stdin: make([]byte, 50000)}
}

// A program that was not started does not go on, and leaves none of its input behind.
func TestExecNotStarted(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(f *fakeHypervisor)
		input   bool
		want    error
		removed bool
	}{
		"the agent is silent":          {func(f *fakeHypervisor) { f.silent = execCommand }, false, ErrNotStarted, false},
		"mktemp takes too long":        {func(f *fakeHypervisor) { f.ending = 40 }, true, ErrNotStarted, true},
		"the input cannot be written":  {func(f *fakeHypervisor) { delete(f.says, "guest-file-write") }, true, errAgent, true},
		"the input takes too long":     {func(f *fakeHypervisor) { f.silent = "guest-file-write" }, true, ErrNotStarted, true},
		"the input is refused at once": {func(f *fakeHypervisor) { delete(f.says, execCommand) }, true, errAgent, false},
	} {
		t.Run(name, func(t *testing.T) {
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				program := f.muchInput()
				if !tc.input {
					program.Stdin = nil
				}
				tc.change(f)
				began := time.Now()
				_, err := execute(t.Context(), m, program)
				if !errors.Is(err, tc.want) || errors.Is(err, ErrStillRunning) || time.Since(began) > 30*time.Second+closeTime {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				time.Sleep(10 * time.Minute)
				removed := slices.ContainsFunc(f.started, func(command string) bool {
					return strings.Contains(command, `"rm","-rf","/tmp/x"`)
				})
				if removed != tc.removed {
					t.Errorf("the directory is removed: %v, want %v", removed, tc.removed)
				}
				if len(m.leftovers) != 0 {
					t.Errorf("%d leftovers", len(m.leftovers))
				}
			})
		})
	}
}

const closeTime = 15 * time.Second

// What a program has written does not stay in the agent when its caller has given up.
func TestLeftovers(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		program := f.program()
		f.ending = 100
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := execute(ctx, m, program); !errors.Is(err, ErrStillRunning) {
			t.Errorf("error %v", err)
		}
		asked := 100 - f.ending
		time.Sleep(10 * time.Minute)
		if later := 100 - f.ending - asked; later < 5 || later > 20 {
			t.Errorf("asked for %d times in ten minutes", later)
		}
		time.Sleep(2 * time.Hour)
		if f.ending != 0 || len(m.leftovers) != 0 {
			t.Errorf("%d more times to ask, %d leftovers", f.ending, len(m.leftovers))
		}
		// No more of them than there are places, and none without the agent.
		f.ending = 1 << 20
		for range maxLeftovers + 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, _ = execute(ctx, m, program)
			cancel()
		}
		if len(m.leftovers) != maxLeftovers {
			t.Errorf("%d leftovers", len(m.leftovers))
		}
		f.agent(false)
		time.Sleep(2 * laterLast)
		if len(m.leftovers) != 0 {
			t.Errorf("%d leftovers without an agent", len(m.leftovers))
		}
	})
}
