package vm

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Filesystems that are lost under a running guest are told; its end takes all with it.
func TestFilesystemLost(t *testing.T) {
	inBubble(t, time.Second, func(t *testing.T, m *Machine, f *fakeHypervisor, _ *fakePreparer) {
		changed, stop := m.Watch()
		defer stop()
		m.FilesystemLost("data") // left from a start that failed
		if len(changed) != 0 || m.Snapshot().LostFilesystems != nil {
			t.Error("told without a guest")
		}
		if err := m.Sync(t.Context(), Wanted{}); err != nil {
			t.Fatal(err)
		}
		<-changed
		for _, volume := range []string{"tools", "data"} {
			m.FilesystemLost(volume)
			<-changed
		}
		if lost := m.Snapshot().LostFilesystems; !slices.Equal(lost, []string{"data", "tools"}) {
			t.Errorf("lost %q", lost)
		}
		f.status(shutdown)
		synctest.Wait()
		m.FilesystemLost("other")
		if lost := m.Snapshot().LostFilesystems; len(lost) != 2 {
			t.Errorf("lost after the end: %q", lost)
		}
	})
}
