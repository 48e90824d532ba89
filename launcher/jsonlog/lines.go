package jsonlog

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// Lines returns the writing end of a pipe for another program's output, whose lines become entries of log. clean
// takes from a line what an entry has of its own.
func Lines(log *slog.Logger, subcomponent string, clean func(string) string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("piping the log of %s: %w", subcomponent, err)
	}
	go func() {
		defer func() { _ = r.Close() }()
		last := ""
		for lines := bufio.NewScanner(r); lines.Scan(); {
			// Programs repeat themselves: libvirt ten times that there is no KVM, say.
			text := clean(lines.Text())
			if text != "" && text != last {
				log.Info(text, "subcomponent", subcomponent)
			}
			last = text
		}
		// A line beyond all measure ends the loop; the program must not block on a full pipe.
		_, _ = io.Copy(io.Discard, r)
	}()
	return w, nil
}
