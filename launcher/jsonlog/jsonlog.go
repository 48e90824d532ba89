// Package jsonlog writes the launcher's log: one JSON object a line.
package jsonlog

import (
	"io"
	"log/slog"
	"strings"
)

// New returns a logger with the keys that every component of the system uses
// (level, msg, timestamp, component) and, on each line, the given attributes.
func New(w io.Writer, component string, attributes ...any) *slog.Logger {
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: rename})
	return slog.New(handler).With("component", component).With(attributes...)
}

func rename(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return attr
	}
	switch attr.Key {
	case slog.TimeKey:
		attr.Key = "timestamp"
	case slog.LevelKey:
		attr.Value = slog.StringValue(strings.ToLower(attr.Value.String()))
	}
	return attr
}
