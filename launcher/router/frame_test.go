package router

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/mdlayher/ndp"
	"golang.org/x/net/bpf"
)

var guest = net.HardwareAddr{0x02, 0, 0, 0, 0, 9}

func testConfig() Config {
	return Config{
		Tap: "ra0", Source: netip.MustParseAddr("fe80::1"), MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0}, Default: true,
		Prefix: netip.MustParsePrefix("fd10:0:2::/120"), MTU: 1450,
		Nameservers: []netip.Addr{netip.MustParseAddr("fd00::10")},
	}
}

// told is what a guest reads from the frame of a configuration.
func told(t *testing.T, config Config) *ndp.RouterAdvertisement {
	t.Helper()
	frame, err := frameFor(config, guest)
	if err != nil {
		t.Fatal(err)
	}
	if got := net.HardwareAddr(frame[6:12]).String(); got != guest.String() {
		t.Errorf("comes from %s", got)
	}
	message, err := ndp.ParseMessage(frame[offsetMessage:])
	if err != nil {
		t.Fatal(err)
	}
	return message.(*ndp.RouterAdvertisement)
}

func TestAdvertisement(t *testing.T) {
	message := told(t, testConfig())
	if !message.ManagedConfiguration || !message.OtherConfiguration || message.RouterLifetime != 9000*time.Second {
		t.Errorf("advertised %+v", message)
	}
	var options int
	for _, option := range message.Options {
		switch option := option.(type) {
		case *ndp.LinkLayerAddress:
			options++
			if option.Addr.String() != "02:00:00:00:00:00" || option.Direction != ndp.Source {
				t.Errorf("router is %+v", option)
			}
		case *ndp.MTU:
			options++
			if option.MTU != 1450 {
				t.Errorf("MTU is %d", option.MTU)
			}
		case *ndp.PrefixInformation:
			options++
			if option.Prefix.String() != "fd10:0:2::" || option.PrefixLength != 120 || !option.OnLink || option.AutonomousAddressConfiguration {
				t.Errorf("prefix is %+v", option)
			}
		case *ndp.RecursiveDNSServer:
			options++
			if len(option.Servers) != 1 || option.Servers[0].String() != "fd00::10" {
				t.Errorf("servers are %+v", option)
			}
		}
	}
	if options != 4 {
		t.Errorf("%d options: %+v", options, message.Options)
	}
}

func TestAdvertisementOfLittle(t *testing.T) {
	message := told(t, Config{Source: netip.MustParseAddr("fe80::2"), MTU: 1000})
	if message.RouterLifetime != 0 || len(message.Options) != 0 || !message.ManagedConfiguration {
		t.Errorf("advertised %+v", message)
	}
}

func TestOnlySolicitationsPass(t *testing.T) {
	filter, err := bpf.NewVM(solicitations)
	if err != nil {
		t.Fatal(err)
	}
	solicitation, err := ndp.MarshalMessageChecksum(&ndp.RouterSolicitation{}, netip.MustParseAddr("fe80::9"), netip.MustParseAddr("ff02::2"))
	if err != nil {
		t.Fatal(err)
	}
	frame := append(make([]byte, offsetMessage), solicitation...)
	frame[offsetType], frame[offsetType+1], frame[offsetNextHeader], frame[offsetHopLimit] = 0x86, 0xdd, 58, 255
	changed := func(offset int, value byte) []byte {
		other := append([]byte(nil), frame...)
		other[offset] = value
		return other
	}
	for name, c := range map[string]struct {
		frame          []byte
		passes, counts bool
	}{
		"solicitation":   {frame, true, true},
		"from far away":  {changed(offsetHopLimit, 64), true, false},
		"neighbour":      {changed(offsetMessage, 135), false, false},
		"UDP":            {changed(offsetNextHeader, 17), false, false},
		"IPv4":           {changed(offsetType, 0x08), false, false},
		"cut":            {frame[:offsetMessage], false, false},
		"nothing inside": {frame[:offsetMessage+1], true, false},
	} {
		n, err := filter.Run(c.frame)
		if err != nil || (n > 0) != c.passes {
			t.Errorf("%s: %d bytes pass (%v)", name, n, err)
		}
		if isSolicitation(c.frame) != c.counts {
			t.Errorf("%s: counts as a solicitation: %v", name, !c.counts)
		}
	}
}
