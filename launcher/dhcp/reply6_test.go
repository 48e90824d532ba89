package dhcp

import (
	"net"
	"net/netip"
	"reflect"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

var (
	serverDUID = &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}}
	otherDUID  = &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, 8}}
	guestDUID  = &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: guestMAC}
)

func testConfig6() Config {
	config := testConfig()
	config.Address6 = netip.MustParsePrefix("fd10:0:2::2/120")
	return config
}

func request6(t *testing.T, kind dhcpv6.MessageType, modifiers ...dhcpv6.Modifier) *dhcpv6.Message {
	t.Helper()
	message, err := dhcpv6.NewMessage(append([]dhcpv6.Modifier{dhcpv6.WithClientID(guestDUID)}, modifiers...)...)
	if err != nil {
		t.Fatal(err)
	}
	message.MessageType = kind
	return message
}

func TestReply6(t *testing.T) {
	association := dhcpv6.WithIAID([4]byte{1, 2, 3, 4})
	believes := func(address string) dhcpv6.Modifier {
		return dhcpv6.WithIANA(dhcpv6.OptIAAddress{IPv6Addr: net.ParseIP(address)})
	}
	for name, tc := range map[string]struct {
		request *dhcpv6.Message
		want    dhcpv6.MessageType // None: silence
		granted bool
		status  iana.StatusCode
	}{
		"solicit":             {request6(t, dhcpv6.MessageTypeSolicit, association), dhcpv6.MessageTypeAdvertise, true, 0},
		"rapid commit":        {request6(t, dhcpv6.MessageTypeSolicit, association, dhcpv6.WithRapidCommit), dhcpv6.MessageTypeReply, true, 0},
		"request":             {request6(t, dhcpv6.MessageTypeRequest, association, dhcpv6.WithServerID(serverDUID)), dhcpv6.MessageTypeReply, true, 0},
		"renew":               {request6(t, dhcpv6.MessageTypeRenew, association, dhcpv6.WithServerID(serverDUID)), dhcpv6.MessageTypeReply, true, 0},
		"rebind":              {request6(t, dhcpv6.MessageTypeRebind, association), dhcpv6.MessageTypeReply, true, 0},
		"information":         {request6(t, dhcpv6.MessageTypeInformationRequest), dhcpv6.MessageTypeReply, false, 0},
		"right confirmation":  {request6(t, dhcpv6.MessageTypeConfirm, believes("fd10:0:2::2")), dhcpv6.MessageTypeReply, false, iana.StatusSuccess},
		"wrong confirmation":  {request6(t, dhcpv6.MessageTypeConfirm, believes("2001:db8::2")), dhcpv6.MessageTypeReply, false, iana.StatusNotOnLink},
		"release":             {request6(t, dhcpv6.MessageTypeRelease, dhcpv6.WithServerID(serverDUID)), dhcpv6.MessageTypeReply, false, iana.StatusSuccess},
		"another server's":    {request6(t, dhcpv6.MessageTypeRequest, association, dhcpv6.WithServerID(otherDUID)), dhcpv6.MessageTypeNone, false, 0},
		"a server's own word": {request6(t, dhcpv6.MessageTypeAdvertise), dhcpv6.MessageTypeNone, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := reply6(testConfig6(), serverDUID, tc.request)
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == dhcpv6.MessageTypeNone {
				if answer != nil {
					t.Errorf("answered %v", answer)
				}
				return
			}
			if answer, err = dhcpv6.MessageFromBytes(answer.ToBytes()); err != nil {
				t.Fatal(err)
			}
			if answer.MessageType != tc.want || answer.TransactionID != tc.request.TransactionID ||
				!answer.Options.ServerID().Equal(serverDUID) || !answer.Options.ClientID().Equal(guestDUID) {
				t.Errorf("answer %v", answer)
			}
			if status := answer.Options.Status(); status != nil && status.StatusCode != tc.status || status == nil && tc.status != 0 {
				t.Errorf("status %v, want %v", status, tc.status)
			}
			given := answer.Options.OneIANA()
			if !tc.granted {
				if given != nil {
					t.Errorf("granted %v", given)
				}
				return
			}
			if given == nil || given.IaId != [4]byte{1, 2, 3, 4} {
				t.Fatalf("granted %v", given)
			}
			address := given.Options.OneAddress()
			if address.IPv6Addr.String() != "fd10:0:2::2" || address.ValidLifetime != forever || address.PreferredLifetime != forever {
				t.Errorf("granted %v", address)
			}
			if dns := answer.Options.DNS(); len(dns) != 1 || dns[0].String() != "fd00::10" {
				t.Errorf("DNS %v", dns)
			}
			if search := answer.Options.DomainSearchList().Labels; !reflect.DeepEqual(search, testConfig().Resolver.Search) {
				t.Errorf("search %v", search)
			}
		})
	}
}

// There is one address: a second association gets none.
func TestReply6Associations(t *testing.T) {
	request := request6(t, dhcpv6.MessageTypeSolicit)
	for id := byte(1); id <= 2; id++ {
		request.AddOption(&dhcpv6.OptIANA{IaId: [4]byte{id}})
	}
	answer, err := reply6(testConfig6(), serverDUID, request)
	if err != nil {
		t.Fatal(err)
	}
	given := answer.Options.IANA()
	if len(given) != 2 || given[0].Options.OneAddress() == nil || given[1].Options.OneAddress() != nil ||
		given[1].Options.Status().StatusCode != iana.StatusNoAddrsAvail {
		t.Errorf("granted %v", given)
	}
}

func TestReply6WithoutClient(t *testing.T) {
	request := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeSolicit}
	if answer, err := reply6(testConfig6(), serverDUID, request); answer != nil || err != nil {
		t.Errorf("answered %v, %v", answer, err)
	}
}
