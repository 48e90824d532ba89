package guest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/term"
)

const interval = 200 * time.Millisecond

// meter shows on a terminal how far a copy has come.
type meter struct {
	io.Reader

	// A request's body may be read on while its answer is already there.
	mutex sync.Mutex
	out   io.Writer
	name  string
	size  int64
	read  int64
	shown time.Time
}

// newMeter shows nothing if standard error is no terminal. A size of 0 is unknown.
func newMeter(from io.Reader, errOut io.Writer, name string, size int64) *meter {
	m := &meter{Reader: from, name: filepath.Base(name), size: size, shown: time.Now()}
	if file, ok := errOut.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		m.out = file
	}
	return m
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.read += int64(n)
	if m.out != nil && time.Since(m.shown) >= interval {
		m.show()
	}
	return n, err
}

func (m *meter) show() {
	m.shown = time.Now()
	share := ""
	if m.size > 0 {
		share = fmt.Sprintf(" %d%%", 100*m.read/m.size)
	}
	fmt.Fprintf(m.out, "\r%s %.1f MiB%s", m.name, float64(m.read)/(1<<20), share)
}

// done ends the line.
func (m *meter) done() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.out != nil {
		m.show()
		fmt.Fprintln(m.out)
	}
}
