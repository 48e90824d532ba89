// Package logging makes every component write the same log: JSON lines on
// standard error with level, msg, timestamp and component.
package logging

import (
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// detailed is the highest verbosity that is honoured. Above it Kubernetes' client
// library writes the bodies of requests, and there are Secrets among them.
const detailed = 7

// New returns the logger of a component and makes it the logger of klog, of
// controller-runtime and of package slog too. Lines of V(n) are written when
// n <= verbosity.
func New(component string, verbosity int) logr.Logger {
	log := newLogger(os.Stderr, component, verbosity)
	klog.SetLogger(log)
	ctrl.SetLogger(log)
	slog.SetDefault(slog.New(logr.ToSlogHandler(log)))
	return log
}

func newLogger(w io.Writer, component string, verbosity int) logr.Logger {
	level := &slog.LevelVar{}
	lines := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: rename})
	log := logr.FromSlogHandler(handler{lines, level, verbosity}.WithAttrs([]slog.Attr{slog.String("component", component)}))
	SetVerbosity(log, 0)
	return log
}

// handler is one whose level may be changed while it is in use.
type handler struct {
	slog.Handler
	level *slog.LevelVar
	// initial is the verbosity it began with.
	initial int
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

// SetVerbosity changes the verbosity of a logger that New has made, and of all that were
// derived from it; 0 is the one it began with. klog follows. Other loggers stay as they are.
func SetVerbosity(log logr.Logger, verbosity uint) {
	h, ours := logr.ToSlogHandler(log).(handler)
	if !ours {
		return
	}
	wanted := h.initial
	if verbosity > 0 {
		wanted = int(min(verbosity, detailed))
	}
	wanted = min(wanted, detailed)
	h.level.Set(slog.Level(-wanted))
	libraries.follow(h.level, wanted)
}

// verbosities are those of the loggers of one process, by their levels.
type verbosities struct {
	mutex sync.Mutex
	of    map[*slog.LevelVar]int
}

// libraries share klog, which has one level. Where a process is two components it is the
// larger of theirs, so that neither takes away what is asked of the other.
var libraries = verbosities{of: map[*slog.LevelVar]int{}}

func (v *verbosities) follow(of *slog.LevelVar, verbosity int) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.of[of] = verbosity
	var level klog.Level
	_ = level.Set(strconv.Itoa(slices.Max(slices.Collect(maps.Values(v.of))))) // fails only for what is no number
}

// rename gives the built-in keys the names that readers of the log expect.
// Levels are two: what needs somebody's attention is an error, all else is info.
func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		if a.Value.Kind() == slog.KindTime {
			return slog.String("timestamp", a.Value.Time().UTC().Format(time.RFC3339Nano))
		}
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			name := "info"
			if level >= slog.LevelError {
				name = "error"
			}
			return slog.String("level", name)
		}
	}
	return a
}

// ForKind returns what a controller-runtime controller makes its loggers with:
// lines about an object carry its kind, namespace and name.
func ForKind(base logr.Logger, kind string) func(*reconcile.Request) logr.Logger {
	return func(req *reconcile.Request) logr.Logger {
		log := base.WithValues("kind", kind)
		if req != nil {
			log = log.WithValues("namespace", req.Namespace, "name", req.Name)
		}
		return log
	}
}
