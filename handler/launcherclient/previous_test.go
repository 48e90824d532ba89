package launcherclient

import (
	"errors"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/test/fakelauncher"
)

// A guest that was scheduled before an upgrade and is started after it has a launcher
// of v0.1.0, which takes an IPv6 address only with its gateway.
func TestPreviousLauncherIsToldTheGateway(t *testing.T) {
	dual := &protocol.DHCP{Device: "k6t-eth0", Address: "10.0.2.2/24", Gateway: "10.0.2.1/24", Address6: "fd10:0:2::2/120"}
	single := &protocol.DHCP{Device: "k6t-eth0", Address: "10.0.2.2/24", Gateway: "10.0.2.1/24"}
	tests := map[string]struct {
		start func(testing.TB, string, fakelauncher.Identity) *fakelauncher.Launcher
		dhcp  *protocol.DHCP
		want  string
	}{
		"previous, both families": {fakelauncher.StartPrevious, dual, "fd10:0:2::1"},
		"previous, IPv4 only":     {fakelauncher.StartPrevious, single, ""},
		"previous, no lease":      {fakelauncher.StartPrevious, nil, ""},
		"current, both families":  {fakelauncher.Start, dual, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			directory := f.Pod(t, podUID)
			f.Own(t, os.Getpid(), podUID)
			launcher := test.start(t, directory, identity)
			launcher.OnSync(func(request *protocol.SyncRequest) error {
				if got := request.GetInterfaces()[0].GetDhcp().GetGateway6(); got != test.want {
					return errors.New("the gateway is " + got)
				}
				return nil
			})
			f.registry.Guest(instance)
			guest := f.until(t, "the launcher", inState(protocol.State_STATE_NONE))
			nic := &protocol.Interface{Network: "default"}
			if test.dhcp != nil {
				nic.Dhcp = proto.CloneOf(test.dhcp)
			}
			if err := guest.Sync(t.Context(), &protocol.SyncRequest{Interfaces: []*protocol.Interface{nic}}); err != nil {
				t.Error(err)
			}
		})
	}
}
