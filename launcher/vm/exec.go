package vm

import (
	"context"
	"errors"
	"fmt"
	"time"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/guestagent"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// A program's end is looked for often at first: most end soon.
	execPollFirst = 50 * time.Millisecond
	execPollLast  = time.Second
	// laterFirst and laterLast are the pauses in what nobody waits for.
	laterFirst = 5 * time.Second
	laterLast  = time.Minute
)

var (
	// ErrNotStarted says that the time for a program was over before it began.
	ErrNotStarted = errors.New("the program was not started in time")
	// ErrStillRunning says that a program has not ended in time.
	ErrStillRunning = errors.New("the program goes on in the guest")
)

// Exec has the guest agent run a program, waits for its end and passes on what has come
// of it to use. In between the agent is free for others, and a guest that stands still is
// not asked.
func (m *Machine) Exec(
	ctx context.Context, options *subresources.GuestExecOptions, use func(*subresources.GuestExecResult) error,
) error {
	if err := m.programs.enter(); err != nil {
		return err
	}
	defer m.programs.leave()
	limit := subresources.DefaultExecSeconds * time.Second
	if options.TimeoutSeconds != nil {
		limit = time.Duration(*options.TimeoutSeconds) * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	pid, err := m.run(ctx, options)
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return fmt.Errorf("running %s within %v: %w: %w", options.Command[0], limit, ErrNotStarted, err)
	}
	if err != nil {
		return err
	}
	err = m.end(ctx, pid, use, forget)
	if errors.Is(err, ErrStillRunning) {
		return fmt.Errorf("%s has not ended within %v: %w", options.Command[0], limit, err)
	}
	return err
}

// run starts a program, after its input has been brought to the guest if that is much.
func (m *Machine) run(ctx context.Context, options *subresources.GuestExecOptions) (int64, error) {
	ask := m.asking(lifecycle.obeys)
	if !guestagent.HasMuchInput(options) {
		return guestagent.Start(ctx, ask, options)
	}
	pid, err := guestagent.Start(ctx, ask, guestagent.MakeDirectory())
	if err != nil {
		return 0, err
	}
	dir := ""
	err = m.end(ctx, pid, func(made *subresources.GuestExecResult) (err error) {
		dir, err = guestagent.Directory(made)
		return err
	}, func(made *subresources.GuestExecResult) error {
		if dir, err := guestagent.Directory(made); err == nil {
			m.discard(dir)
		}
		return nil
	})
	if errors.Is(err, ErrStillRunning) {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, err
	}
	pid, err = guestagent.StartWithInput(ctx, ask, options, dir)
	if err != nil {
		m.discard(dir)
	}
	return pid, err
}

// end waits for a program's end, for use. One that is given up is late: the agent keeps
// what it has written until somebody asks.
func (m *Machine) end(ctx context.Context, pid int64, use, late func(*subresources.GuestExecResult) error) error {
	for pause := execPollFirst; ; pause = min(2*pause, execPollLast) {
		select {
		case <-ctx.Done():
			m.finish(pid, late)
			return ErrStillRunning
		case <-time.After(pause):
		}
		ended, err := m.result(ctx, pid, use)
		switch {
		case ended:
			return err
		case err == nil, ctx.Err() != nil, errors.Is(err, ErrPaused), errors.Is(err, ErrFrozen):
		default:
			m.finish(pid, late)
			return err
		}
	}
}

// result asks for a program's end once.
func (m *Machine) result(ctx context.Context, pid int64, use func(*subresources.GuestExecResult) error) (ended bool, err error) {
	if err := m.large.wait(ctx); err != nil {
		return false, err
	}
	defer m.large.leave()
	result, err := guestagent.Result(ctx, m.asking(lifecycle.obeys), pid)
	if err != nil || result == nil {
		return false, err
	}
	return true, use(result)
}

func forget(*subresources.GuestExecResult) error { return nil }

// finish fetches the outputs of a program that nobody waits for any more.
func (m *Machine) finish(pid int64, late func(*subresources.GuestExecResult) error) {
	m.later(func(ctx context.Context) (bool, error) { return m.result(ctx, pid, late) })
}

// discard removes a directory with the input of a program that was not started.
func (m *Machine) discard(dir string) {
	pid := int64(0)
	m.later(func(ctx context.Context) (ended bool, err error) {
		if pid != 0 {
			return m.result(ctx, pid, forget)
		}
		pid, err = guestagent.Start(ctx, m.asking(lifecycle.obeys), guestagent.RemoveDirectory(dir))
		return false, err
	})
}

// later does in the guest what nobody waits for, again until it is done, or its agent
// refuses or has left.
func (m *Machine) later(do func(context.Context) (done bool, err error)) {
	if m.leftovers.enter() != nil {
		m.options.Log.Info("a program in the guest is not looked after: too many are given up already")
		return
	}
	go func() {
		defer m.leftovers.leave()
		for pause := laterFirst; ; pause = min(2*pause, laterLast) {
			time.Sleep(pause)
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			done, err := do(ctx)
			cancel()
			if done || errors.Is(err, ErrNoAgent) || errors.Is(err, ErrNotRunning) || errors.Is(err, hypervisor.ErrRefused) {
				return
			}
		}
	}()
}
