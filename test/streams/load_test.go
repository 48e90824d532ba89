//go:build process

package streams

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

const (
	many = 200
	// payload goes each way over each of the many streams.
	payload = 256 << 10
)

// atOnce opens a stream to every guest at once, moves data both ways over all of them
// and checks every byte.
func (n *node) atOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	peak := watchMemory()
	began := time.Now()
	clients, ends := make([]*websocket.Conn, many), make([]net.Conn, many)
	var all errgroup.Group
	for i, g := range n.guests {
		all.Go(func() (err error) {
			clients[i], err = n.system.attach(g, nil)
			return err
		})
		all.Go(func() (err error) {
			ends[i], err = g.accept()
			return err
		})
	}
	must(t, all.Wait())
	opened := time.Since(began)
	for i, g := range n.guests {
		says, hears := g.instance.Name+" says", g.instance.Name+" hears"
		all.Go(func() error {
			defer clients[i].Close()
			_ = clients[i].SetReadDeadline(time.Now().Add(time.Minute))
			return exchange(&bytesOf{Conn: clients[i]}, hears, says)
		})
		all.Go(func() error {
			defer ends[i].Close()
			return exchange(ends[i], says, hears)
		})
	}
	must(t, all.Wait())
	took, memory := time.Since(began), peak()
	t.Logf("%d streams open after %s, %d KiB moved each way after %s; at most %d MiB of heap and stacks and %d goroutines, both ends' included",
		many, opened.Round(time.Millisecond), payload>>10, took.Round(time.Millisecond), memory.bytes>>20, memory.goroutines)
	if limit := uint64(512 << 20); memory.bytes > limit {
		t.Errorf("that took %d MiB of memory, more than %d", memory.bytes>>20, limit>>20)
	}
	if limit := 40 * time.Second; took > limit {
		t.Errorf("that took longer than %s", limit)
	}
	if !within(patience, func() bool { return runtime.NumGoroutine() <= before+20 }) {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		t.Errorf("%d goroutines are left of the streams", runtime.NumGoroutine()-before)
	}
}

// exchange sends one text and expects another, both at the same time.
func exchange(conn io.ReadWriter, mine, theirs string) error {
	var both errgroup.Group
	both.Go(func() error {
		_, err := io.CopyBuffer(struct{ io.Writer }{conn}, io.LimitReader(text(mine), payload), make([]byte, 8<<10))
		return err
	})
	both.Go(func() error {
		got, want := sha256.New(), sha256.New()
		if n, err := io.CopyN(got, conn, payload); err != nil {
			return fmt.Errorf("received %d bytes of %q: %w", n, theirs, err)
		}
		_, _ = io.CopyN(want, text(theirs), payload)
		if !slices.Equal(got.Sum(nil), want.Sum(nil)) {
			return fmt.Errorf("received something else than %q", theirs)
		}
		return nil
	})
	return both.Wait()
}

// text is an endless one that differs from every other title's.
func text(title string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(title))) }

// idle looks at what streams cost over which nothing goes.
func (n *node) idle(t *testing.T) {
	before := measure()
	for _, g := range n.guests {
		n.system.open(t, g, nil)
		g.console(t)
	}
	open := measure()
	const period = 5 * time.Second
	time.Sleep(time.Second) // what the opening has begun comes to its end
	spent := processorTime(t)
	time.Sleep(period)
	spent = processorTime(t) - spent
	t.Logf("%d idle streams: %s of processor time in %s, %d KiB and %.1f goroutines each, both ends' included",
		many, spent.Round(time.Millisecond), period, (open.bytes-before.bytes)/many>>10, float64(open.goroutines-before.goroutines)/many)
	if limit := 150 * time.Millisecond; spent > limit {
		t.Errorf("they took more processor time than %s", limit)
	}
	if each, limit := (open.bytes-before.bytes)/many, uint64(350<<10); each > limit {
		t.Errorf("they take more than %d KiB each", limit>>10)
	}
}

// slowReader has a client read a guest's endless output a drop at a time.
func (s *system) slowReader(t *testing.T) {
	n := s.newNode(t, 2)
	other := &bytesOf{Conn: s.open(t, n.guests[1], nil)}
	n.guests[1].echo(t)
	undisturbed := roundTrip(t, other)

	slow := &bytesOf{Conn: s.open(t, n.guests[0], smallWindow)}
	end := n.guests[0].console(t)
	before := measure()
	var written atomic.Int64
	go func() { _, _ = io.Copy(end, io.TeeReader(text("endless"), counter{&written})) }()
	expected := text("endless")
	stop := time.After(4 * time.Second)
	var atHalf int64
	for second := 0; ; second++ {
		got, want := make([]byte, 1<<10), make([]byte, 1<<10)
		_, err := io.ReadFull(slow, got)
		must(t, err)
		_, _ = io.ReadFull(expected, want)
		if !slices.Equal(got, want) {
			t.Fatal("the slow client read something else than the guest wrote")
		}
		if second == 2 {
			atHalf = written.Load()
		}
		select {
		case <-time.After(time.Second):
			continue
		case <-stop:
		}
		break
	}
	disturbed, after, total := roundTrip(t, other), measure(), written.Load()
	grown := (int64(after.bytes) - int64(before.bytes)) >> 10
	t.Logf("the guest could write %d KiB to a client that reads 1 KiB/s, %d of them in the last half of the time; heap and stacks grew by %d KiB; "+
		"a round trip on another stream takes %s, undisturbed %s", total>>10, (total-atHalf)>>10, grown, disturbed, undisturbed)
	if limit := int64(16 << 20); total > limit {
		t.Errorf("the guest could write more than %d MiB", limit>>20)
	}
	if limit := int64(512 << 10); total-atHalf > limit {
		t.Errorf("the guest was not held back: it wrote %d KiB in the last half of the time", (total-atHalf)>>10)
	}
	if limit := int64(2 << 10); grown > limit {
		t.Errorf("the output waits in memory: %d KiB", grown)
	}
	if limit := 10*undisturbed + 20*time.Millisecond; disturbed > limit {
		t.Errorf("another stream is slower for it: %s", disturbed)
	}
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// roundTrip is the median of the times that a guest's echo takes.
func roundTrip(t *testing.T, echo *bytesOf) time.Duration {
	t.Helper()
	var times []time.Duration
	for range 100 {
		began := time.Now()
		say(t, echo, "ping")
		hear(t, echo, "ping")
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// usage is what the process takes.
type usage struct {
	bytes      uint64
	goroutines int
}

// measure leaves out what nobody needs any more.
func measure() usage {
	runtime.GC()
	runtime.GC() // pools let go in the second
	return present()
}

func present() usage {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return usage{bytes: stats.HeapInuse + stats.StackInuse, goroutines: runtime.NumGoroutine()}
}

// watchMemory returns a function that tells the most that was in use since.
func watchMemory() (peak func() usage) {
	done, most := make(chan struct{}), make(chan usage, 1)
	go func() {
		var highest usage
		for {
			now := present()
			highest.bytes, highest.goroutines = max(highest.bytes, now.bytes), max(highest.goroutines, now.goroutines)
			select {
			case <-done:
				most <- highest
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() usage {
		close(done)
		return <-most
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
