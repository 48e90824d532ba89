package dhcp

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

func TestAnswersFit(t *testing.T) {
	long := testConfig()
	for code := uint8(224); code <= 254; code++ {
		long.Extra.Private = append(long.Extra.Private, Private{Code: code, Value: strings.Repeat("x", int(code))})
	}
	for name, c := range map[string]struct {
		asked, mtu uint16
		extra      Extra
		limit      int
		left       int
		has        uint8
	}{
		"what everybody has room for": {mtu: 1450, limit: 548, has: 12},
		"nothing said":                {mtu: 1450, extra: long.Extra, limit: 548, left: 31, has: 119},
		"the least":                   {asked: 100, mtu: 1450, extra: long.Extra, limit: 548, left: 31, has: 119},
		"a frame":                     {asked: 1450, mtu: 1450, extra: long.Extra, limit: 1422, left: 27, has: 227},
		"more than a frame":           {asked: 65535, mtu: 1450, extra: long.Extra, limit: 1422, left: 27, has: 227},
		"an unknown frame":            {asked: 9000, extra: long.Extra, limit: 1472, left: 27, has: 227},
		"private ones go first": {mtu: 1450, limit: 548, left: 1, has: 67, extra: Extra{
			BootFileName: strings.Repeat("b", 100), Private: []Private{{Code: 224, Value: strings.Repeat("p", 90)}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig()
			config.MTU, config.Extra = c.mtu, c.extra
			question := request(t, dhcpv4.MessageTypeDiscover)
			if c.asked > 0 {
				question.UpdateOption(dhcpv4.OptMaxMessageSize(c.asked))
			}
			answer, _, err := answer4(config, question.ToBytes(), nil)
			if err != nil {
				t.Fatal(err)
			}
			told := answer.(fitted)
			if size := len(answer.ToBytes()); size > c.limit || len(told.left) != c.left || !told.Options.Has(dhcpv4.GenericOptionCode(c.has)) {
				t.Errorf("%d bytes, without %v; want %d at most, without %d", size, told.left, c.limit, c.left)
			}
			for _, code := range []uint8{1, 3, 6, 51, 53, 54, 119} {
				if !told.Options.Has(dhcpv4.GenericOptionCode(code)) {
					t.Errorf("option %d is left out", code)
				}
			}
		})
	}
	question := request(t, dhcpv4.MessageTypeDiscover, dhcpv4.WithGeneric(dhcpv4.OptionClientIdentifier, make([]byte, 2000)))
	if _, _, err := answer4(testConfig(), question.ToBytes(), nil); err == nil {
		t.Error("an answer that cannot be short enough is sent")
	}
}

// A guest that asks without end fills no log.
func TestServerTellsOnce(t *testing.T) {
	var log bytes.Buffer
	server := &Server{log: slog.New(slog.NewTextHandler(&log, nil)), told: map[string]bool{}}
	for range 3 {
		for _, kind := range []string{"OFFER", "ACK"} {
			server.tell("answered a DHCP request", "answer", kind)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("told %d lines:\n%s", lines, log.String())
	}
	for i := range 1000 {
		server.tell("cannot answer a DHCP request", "err", strings.Repeat("x", i))
	}
	if lines := strings.Count(log.String(), "\n"); lines != maxTold {
		t.Errorf("told %d lines", lines)
	}
}
