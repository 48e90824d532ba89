package v1

import "testing"

func TestLinkNames(t *testing.T) {
	pod := NetworkSource{Pod: &PodNetwork{}}
	multus := NetworkSource{Multus: &MultusNetwork{NetworkName: "red"}}
	instead := NetworkSource{Multus: &MultusNetwork{NetworkName: "red", Default: true}}
	primary := LinkNames{Pod: "eth0", Tap: "tap0", Bridge: "k6t-eth0", Suffix: "0"}
	cases := []struct {
		network Network
		want    LinkNames
	}{
		{Network{Name: "default", NetworkSource: pod}, primary},
		{Network{Name: "red", NetworkSource: instead}, primary},
		// The hash is SHA-256 of the network's name.
		{Network{Name: "red", NetworkSource: multus}, LinkNames{
			Pod: "podb1f51a511f1", Tap: "tapb1f51a511f1", Bridge: "k6t-b1f51a511f1", Suffix: "b1f51a511f1",
		}},
	}
	for _, c := range cases {
		names := c.network.LinkNames()
		if names != c.want {
			t.Errorf("%s: names are %+v, want %+v", c.network.Name, names, c.want)
		}
		if len(names.Bridge) > 15 {
			t.Errorf("%s is too long for the kernel", names.Bridge)
		}
	}
}
