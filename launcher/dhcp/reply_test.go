package dhcp

import (
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

var guestMAC = net.HardwareAddr{0x02, 0, 0, 0, 0, 1}

func testConfig() Config {
	return Config{
		Device: "k6t-eth0", MAC: guestMAC,
		Address: netip.MustParsePrefix("10.0.2.2/24"), Gateway: netip.MustParseAddr("10.0.2.1"),
		MTU: 1450, Hostname: "vm1",
		Resolver: Resolver{
			Nameservers: []netip.Addr{netip.MustParseAddr("10.96.0.10"), netip.MustParseAddr("fd00::10")},
			Search:      []string{"default.svc.cluster.local", "svc.cluster.local"},
		},
	}
}

func request(t *testing.T, kind dhcpv4.MessageType, modifiers ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	message, err := dhcpv4.New(append([]dhcpv4.Modifier{dhcpv4.WithHwAddr(guestMAC), dhcpv4.WithMessageType(kind)}, modifiers...)...)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestReplyKinds(t *testing.T) {
	ours := dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(10, 0, 2, 2)))
	for name, tc := range map[string]struct {
		request *dhcpv4.DHCPv4
		want    dhcpv4.MessageType // None: silence
		address string
	}{
		"discover":              {request(t, dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer, "10.0.2.2"},
		"request":               {request(t, dhcpv4.MessageTypeRequest, ours), dhcpv4.MessageTypeAck, "10.0.2.2"},
		"renewal":               {request(t, dhcpv4.MessageTypeRequest, dhcpv4.WithClientIP(net.IPv4(10, 0, 2, 2))), dhcpv4.MessageTypeAck, "10.0.2.2"},
		"inform":                {request(t, dhcpv4.MessageTypeInform), dhcpv4.MessageTypeAck, "0.0.0.0"},
		"an address of old":     {request(t, dhcpv4.MessageTypeRequest, dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(192, 168, 1, 7)))), dhcpv4.MessageTypeNak, "0.0.0.0"},
		"meant for us":          {request(t, dhcpv4.MessageTypeRequest, ours, dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 0, 2, 1)))), dhcpv4.MessageTypeAck, "10.0.2.2"},
		"meant for another":     {request(t, dhcpv4.MessageTypeRequest, ours, dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 0, 2, 9)))), dhcpv4.MessageTypeNone, ""},
		"from somebody else":    {request(t, dhcpv4.MessageTypeDiscover, dhcpv4.WithHwAddr(net.HardwareAddr{2, 0, 0, 0, 0, 2})), dhcpv4.MessageTypeNone, ""},
		"release":               {request(t, dhcpv4.MessageTypeRelease), dhcpv4.MessageTypeNone, ""},
		"a reply, not a demand": {request(t, dhcpv4.MessageTypeDiscover, func(m *dhcpv4.DHCPv4) { m.OpCode = dhcpv4.OpcodeBootReply }), dhcpv4.MessageTypeNone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := reply(testConfig(), tc.request)
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == dhcpv4.MessageTypeNone {
				if answer != nil {
					t.Errorf("answered %v", answer.MessageType())
				}
				return
			}
			if answer == nil || answer.MessageType() != tc.want || answer.YourIPAddr.String() != tc.address {
				t.Fatalf("answer %v", answer)
			}
			if !answer.ServerIdentifier().Equal(net.IPv4(10, 0, 2, 1)) || answer.TransactionID != tc.request.TransactionID {
				t.Errorf("answer %v", answer.Summary())
			}
		})
	}
}

func TestReplyOptions(t *testing.T) {
	answer, err := reply(testConfig(), request(t, dhcpv4.MessageTypeDiscover))
	if err != nil {
		t.Fatal(err)
	}
	// As it crosses the wire, so that encodings are looked at too.
	if answer, err = dhcpv4.FromBytes(answer.ToBytes()); err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"mask":     {answer.SubnetMask().String(), "ffffff00"},
		"router":   {answer.Router()[0].String(), "10.0.2.1"},
		"dns":      {len(answer.DNS()) == 1 && answer.DNS()[0].Equal(net.IPv4(10, 96, 0, 10)), true},
		"domain":   {answer.DomainName(), "default.svc.cluster.local"},
		"search":   {answer.DomainSearch().Labels, []string{"default.svc.cluster.local", "svc.cluster.local"}},
		"hostname": {answer.HostName(), "vm1"},
		"mtu":      {answer.Options.Get(dhcpv4.OptionInterfaceMTU), []byte{0x05, 0xaa}},
		"lease":    {answer.Options.Get(dhcpv4.OptionIPAddressLeaseTime), []byte{0xff, 0xff, 0xff, 0xff}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
	bare := testConfig()
	bare.MTU, bare.Hostname, bare.Resolver = 0, "", Resolver{}
	if answer, err = reply(bare, request(t, dhcpv4.MessageTypeDiscover)); err != nil {
		t.Fatal(err)
	}
	for _, code := range []dhcpv4.OptionCode{
		dhcpv4.OptionInterfaceMTU, dhcpv4.OptionHostName, dhcpv4.OptionDomainNameServer,
		dhcpv4.OptionDomainName, dhcpv4.OptionDNSDomainSearchList,
	} {
		if answer.Options.Has(code) {
			t.Errorf("%v is told without a value", code)
		}
	}
}

// over is what crosses the wire of an offer.
func over(t *testing.T, config Config) *dhcpv4.DHCPv4 {
	t.Helper()
	answer, err := reply(config, request(t, dhcpv4.MessageTypeDiscover))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err = dhcpv4.FromBytes(answer.ToBytes()); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestReplyForThePodsAddress(t *testing.T) {
	config := testConfig()
	config.Gateway, config.Server = netip.Addr{}, netip.MustParseAddr("169.254.75.10")
	config.Address = netip.MustParsePrefix("10.244.1.7/32")
	config.Routes = []Route{
		{Destination: netip.MustParsePrefix("169.254.1.1/32")},
		{Destination: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("169.254.1.1")},
		{Destination: netip.MustParsePrefix("10.244.0.0/16"), Gateway: netip.MustParseAddr("169.254.1.1")},
		{Destination: netip.MustParsePrefix("::/0"), Gateway: netip.MustParseAddr("fe80::1")},
	}
	answer := over(t, config)
	var routes []string
	for _, route := range answer.ClasslessStaticRoute() {
		routes = append(routes, route.Dest.String()+" "+route.Router.String())
	}
	for what, pair := range map[string][2]any{
		"server": {answer.ServerIdentifier().String(), "169.254.75.10"},
		"router": {answer.Router()[0].String(), "169.254.1.1"},
		"mask":   {answer.SubnetMask().String(), "ffffffff"},
		"routes": {routes, []string{"169.254.1.1/32 0.0.0.0", "0.0.0.0/0 169.254.1.1", "10.244.0.0/16 169.254.1.1"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
	config.Routes = nil
	if answer := over(t, config); answer.Options.Has(dhcpv4.OptionRouter) || answer.Options.Has(dhcpv4.OptionClasslessStaticRoute) {
		t.Errorf("a network without a router: %s", answer.Summary())
	}
}

func TestReplyExtra(t *testing.T) {
	config := testConfig()
	config.Extra = Extra{
		BootFileName: "undionly.kpxe", TFTPServerName: "10.1.2.3",
		NTPServers: []netip.Addr{netip.MustParseAddr("10.0.0.123"), netip.MustParseAddr("10.0.0.124")},
		Private:    []Private{{224, "one"}, {254, "two"}},
	}
	answer := over(t, config)
	for what, pair := range map[string][2]any{
		"file":        {answer.BootFileNameOption(), "undionly.kpxe"},
		"file field":  {answer.BootFileName, "undionly.kpxe"},
		"server":      {answer.TFTPServerName(), "10.1.2.3"},
		"next server": {answer.ServerIPAddr.String(), "10.1.2.3"},
		"identifier":  {answer.ServerIdentifier().String(), "10.0.2.1"},
		"time":        {len(answer.NTPServers()) == 2 && answer.NTPServers()[1].String() == "10.0.0.124", true},
		"224":         {string(answer.Options.Get(dhcpv4.GenericOptionCode(224))), "one"},
		"254":         {string(answer.Options.Get(dhcpv4.GenericOptionCode(254))), "two"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
	config.Extra = Extra{BootFileName: strings.Repeat("x", 200), TFTPServerName: "boot.example"}
	answer = over(t, config)
	if answer.BootFileNameOption() != config.Extra.BootFileName || answer.BootFileName != "" || answer.ServerIPAddr.String() != "10.0.2.1" {
		t.Errorf("a long file name, a server by name: %s", answer.Summary())
	}
}

func TestResolver(t *testing.T) {
	const conf = `# a pod's
search default.svc.cluster.local svc.cluster.local cluster.local .
nameserver 10.96.0.10
nameserver fe80::1%eth0
nameserver nonsense
options ndots:5
`
	resolver, err := parseResolver(strings.NewReader(conf))
	if err != nil {
		t.Fatal(err)
	}
	want := Resolver{
		Nameservers: []netip.Addr{netip.MustParseAddr("10.96.0.10"), netip.MustParseAddr("fe80::1")},
		Search:      []string{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"},
	}
	if !reflect.DeepEqual(resolver, want) {
		t.Errorf("%+v, want %+v", resolver, want)
	}
	if got := resolver.WithSubdomain("", "default"); !reflect.DeepEqual(got, want) {
		t.Errorf("without subdomain: %+v", got)
	}
	if got := resolver.WithSubdomain("sub", "other"); !reflect.DeepEqual(got, want) {
		t.Errorf("in another namespace: %+v", got)
	}
	got := resolver.WithSubdomain("sub", "default").Search
	if want := append([]string{"sub.default.svc.cluster.local"}, want.Search...); !reflect.DeepEqual(got, want) {
		t.Errorf("with subdomain: %v", got)
	}
}
