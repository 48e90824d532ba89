package fakelauncher

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// The fake behaves like the real launcher where a handler can notice.
func TestSession(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	fake := Start(t, dir, Identity{"ns", "vm", "1"})
	opened, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	conn, err := grpc.NewClient("unix:///proc/self/fd/"+strconv.Itoa(int(opened.Fd()))+"/"+SocketName, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client, ctx := protocol.NewLauncherClient(conn), context.Background()
	first, err := client.Info(ctx, &protocol.InfoRequest{})
	if err != nil {
		t.Fatal(err)
	}
	watch, err := client.Watch(ctx, &protocol.WatchRequest{Session: first.GetSession()})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want protocol.State) {
		t.Helper()
		if state, err := watch.Recv(); err != nil || state.GetState() != want {
			t.Fatalf("watch: %v %v, want %v", state, err, want)
		}
	}
	expect(protocol.State_STATE_NONE)
	if _, err := client.Sync(ctx, &protocol.SyncRequest{Session: first.GetSession()}); err != nil {
		t.Fatal(err)
	}
	expect(protocol.State_STATE_RUNNING)
	second, err := client.Info(ctx, &protocol.InfoRequest{})
	if err != nil || second.GetSession() <= first.GetSession() {
		t.Fatalf("second session: %v %v", second, err)
	}
	if _, err := watch.Recv(); protocol.ReasonOf(err) != protocol.ReasonStaleSession {
		t.Errorf("the old session's watch: %v", err)
	}
	if _, err := client.Signal(ctx, &protocol.SignalRequest{Session: first.GetSession(), Action: protocol.Action_ACTION_KILL}); protocol.ReasonOf(err) != protocol.ReasonStaleSession {
		t.Errorf("the old session's signal: %v", err)
	}
	if len(fake.Syncs()) != 1 || len(fake.Signals()) != 0 {
		t.Errorf("recorded %v %v", fake.Syncs(), fake.Signals())
	}
}
