package guestagent

import (
	"context"
	"errors"
	"fmt"
	"time"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// readPortion is how many bytes of a file are in one answer: libvirt looks through all it
	// has of an answer again with every KiB. writePortion leaves room in maxMessage.
	readPortion  = 192 << 10
	writePortion = 48 << 10
	// closeTimeout is for closing a file whose reader has given up.
	closeTimeout = 15 * time.Second
	// createPoll is when a file that is being created is looked for first, createTimeout
	// how long it may take.
	createPoll    = 10 * time.Millisecond
	createTimeout = 5 * time.Second
)

// How a position is counted.
const (
	fromStart = 0
	fromEnd   = 2
)

// file is one that is open in the guest.
type file struct {
	ask    Ask
	handle int64
}

// Read reads a piece of a file, as options say.
func Read(ctx context.Context, ask Ask, options *subresources.GuestFileOptions) (chunk *subresources.GuestFileChunk, err error) {
	chunk = &subresources.GuestFileChunk{}
	err = withFile(ctx, ask, options.Path, "r", func(f file) error {
		if options.Offset > 0 {
			if _, err := f.seek(ctx, options.Offset, fromStart); err != nil {
				return err
			}
		}
		for !chunk.EOF && int64(len(chunk.Data)) < options.Length {
			data, eof, err := f.read(ctx, min(readPortion, options.Length-int64(len(chunk.Data))))
			if err != nil {
				return err
			}
			chunk.Data, chunk.EOF = append(chunk.Data, data...), eof
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s in the guest: %w", options.Path, err)
	}
	return chunk, nil
}

// Write writes a piece of a file, as options say. What is not the first piece has to
// be the next one, so that a piece that is sent twice does no harm.
func Write(ctx context.Context, ask Ask, options *subresources.GuestFileOptions) error {
	mode, err := "w", error(nil)
	if options.Offset > 0 {
		mode = "a"
	} else {
		err = createPrivate(ctx, ask, options.Path)
	}
	if err == nil {
		err = write(ctx, ask, mode, options)
	}
	if err != nil {
		return fmt.Errorf("writing %s in the guest: %w", options.Path, err)
	}
	return nil
}

func write(ctx context.Context, ask Ask, mode string, options *subresources.GuestFileOptions) error {
	return withFile(ctx, ask, options.Path, mode, func(f file) error {
		if options.Offset > 0 {
			end, err := f.seek(ctx, 0, fromEnd)
			if err != nil {
				return err
			}
			if end != options.Offset {
				return fmt.Errorf("it ends at %d, the piece begins at %d", end, options.Offset)
			}
		}
		for rest := options.Data; len(rest) > 0; {
			written, err := f.write(ctx, first(rest, writePortion))
			if err != nil {
				return err
			}
			rest = rest[written:]
		}
		return f.ask.call(ctx, commandFlush, f.named(), nil)
	})
}

// private creates a file for its owner alone, if there is none. What is there is not
// opened: a FIFO would wait for its reader.
const private = `umask 077; set -C; [ -e "$1" ] || : >"$1"`

// createPrivate makes a file that does not exist yet: one that the agent makes may be
// written by anybody. A guest without a shell, such as Windows, goes by other rules.
func createPrivate(ctx context.Context, ask Ask, path string) error {
	var started struct {
		PID int64 `json:"pid"`
	}
	err := ask.call(ctx, commandExec, program{Path: shell, Args: []string{"-c", private, shell, path}}, &started)
	for pause, began := createPoll, time.Now(); err == nil; pause *= 2 {
		var result *subresources.GuestExecResult
		if result, err = Result(ctx, ask, started.PID); result != nil {
			return nil
		}
		if time.Since(began) > createTimeout {
			return errors.New("it is not created in time")
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	if errors.Is(err, hypervisor.ErrRefused) {
		return nil
	}
	return err
}

// withFile opens a file, which is closed whatever becomes of it: the agent keeps an
// open one until it ends.
func withFile(ctx context.Context, ask Ask, path, mode string, do func(file) error) (err error) {
	f := file{ask: ask}
	if err := ask.call(ctx, commandOpen, map[string]string{"path": path, "mode": mode}, &f.handle); err != nil {
		return ask.allowed(ctx, commandOpen, err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if failed := ask.call(closing, commandClose, f.named(), nil); err == nil {
			err = failed
		}
	}()
	return do(f)
}

func (f file) named() map[string]int64 { return map[string]int64{"handle": f.handle} }

func (f file) seek(ctx context.Context, offset int64, whence int) (int64, error) {
	var answer struct {
		Position int64 `json:"position"`
	}
	err := f.ask.call(ctx, commandSeek, map[string]any{"handle": f.handle, "offset": offset, "whence": whence}, &answer)
	return answer.Position, err
}

func (f file) read(ctx context.Context, count int64) (data []byte, eof bool, err error) {
	var answer struct {
		Data []byte `json:"buf-b64"`
		EOF  bool   `json:"eof"`
	}
	err = f.ask.call(ctx, commandRead, map[string]any{"handle": f.handle, "count": count}, &answer)
	switch {
	case err != nil:
		return nil, false, err
	case int64(len(answer.Data)) > count:
		return nil, false, errors.New("the guest agent has sent more than was asked for")
	case len(answer.Data) == 0: // an agent that says neither more nor that this is all
		return nil, true, nil
	}
	return answer.Data, answer.EOF, nil
}

func (f file) write(ctx context.Context, data []byte) (int, error) {
	var answer struct {
		Count int `json:"count"`
	}
	err := f.ask.call(ctx, commandWrite, map[string]any{"handle": f.handle, "buf-b64": data}, &answer)
	if err == nil && (answer.Count <= 0 || answer.Count > len(data)) {
		err = fmt.Errorf("the guest agent says that it has written %d of %d bytes", answer.Count, len(data))
	}
	return answer.Count, err
}
