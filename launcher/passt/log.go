package passt

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"

	"github.com/fsnotify/fsnotify"

	"kubevirt.io/kubevirt/launcher/jsonlog"
)

// Follow makes entries of log from what passt writes to its own, until ctx ends. passt
// keeps that file short by itself, and has nowhere else to write to.
func Follow(ctx context.Context, path string, log *slog.Logger) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o640)
	if err != nil {
		return fmt.Errorf("following passt's log: %w", err)
	}
	defer func() { _ = file.Close() }()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("following passt's log: %w", err)
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(path); err != nil {
		return fmt.Errorf("following passt's log: %w", err)
	}
	lines, err := jsonlog.Lines(log, Name, clean)
	if err != nil {
		return err
	}
	defer func() { _ = lines.Close() }()
	for {
		if err := catchUp(file, lines); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-watcher.Errors:
			return fmt.Errorf("following passt's log: %w", err)
		case <-watcher.Events:
		}
	}
}

// catchUp passes on what has been added to a file. A file that has become shorter has
// lost its oldest lines, a third of all, and its newest are known; or it is a new one.
func catchUp(file *os.File, out io.Writer) error {
	read, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("reading passt's log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("reading passt's log: %w", err)
	}
	switch size := info.Size(); {
	case size < read/2:
		_, err = file.Seek(0, io.SeekStart)
	case size < read:
		_, err = file.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return fmt.Errorf("reading passt's log: %w", err)
	}
	if _, err := io.Copy(out, file); err != nil {
		return fmt.Errorf("reading passt's log: %w", err)
	}
	return nil
}

// prefix is the time since passt's start, in seconds, and the rank that most lines have.
var prefix = regexp.MustCompile(`^\d+\.\d+: (info: +)?`)

// advice tells a person how to start QEMU by hand.
var advice = regexp.MustCompile(`^(You can start qemu with:|kvm .*)$`)

func clean(line string) string { return advice.ReplaceAllString(prefix.ReplaceAllString(line, ""), "") }
