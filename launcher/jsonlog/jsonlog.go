// Package jsonlog writes the launcher's log: one JSON object a line.
package jsonlog

import (
	"io"
	"log/slog"
	"math"
	"strings"
)

// initial is the verbosity that a launcher begins with, the same as of every component.
const initial = 2

// handler is one whose level may be changed while it is in use.
type handler struct {
	slog.Handler
	level *slog.LevelVar
}

// New returns a logger with the keys that every component of the system uses
// (level, msg, timestamp, component) and, on each line, the given attributes.
func New(w io.Writer, component string, attributes ...any) *slog.Logger {
	level := &slog.LevelVar{}
	level.Set(Detail(initial))
	lines := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: rename})
	return slog.New(handler{lines, level}).With("component", component).With(attributes...)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

// Detail is the level of lines that are written from a verbosity on.
func Detail(verbosity uint32) slog.Level { return slog.Level(-min(int(verbosity), math.MaxInt8)) }

// SetVerbosity changes the verbosity of a logger that New has made, and of all that were
// derived from it; 0 is the one it began with. Other loggers stay as they are.
func SetVerbosity(log *slog.Logger, verbosity uint32) {
	if verbosity == 0 {
		verbosity = initial
	}
	if h, ours := log.Handler().(handler); ours {
		h.level.Set(Detail(verbosity))
	}
}

func rename(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return attr
	}
	switch attr.Key {
	case slog.TimeKey:
		attr.Key = "timestamp"
	case slog.LevelKey:
		if level, ok := attr.Value.Any().(slog.Level); ok && level < slog.LevelInfo {
			attr.Value = slog.AnyValue(slog.LevelInfo) // as every component has it
		}
		attr.Value = slog.StringValue(strings.ToLower(attr.Value.String()))
	}
	return attr
}
