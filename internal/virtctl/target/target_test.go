package target

import (
	"strings"
	"testing"
)

func TestParseLogin(t *testing.T) {
	vm := Target{Kind: "vm", Resource: "virtualmachines", Name: "web"}
	vmi := Target{Kind: "vmi", Resource: "virtualmachineinstances", Name: "web", Namespace: "shop"}
	for _, tc := range []struct {
		in, user string
		want     Target
		problem  string
	}{
		{"vm/web", "", vm, ""},
		{"VM/web", "", vm, ""},
		{"virtualmachines/web", "", vm, ""},
		{"vmi/web/shop", "", vmi, ""},
		{"root@vmi/web/shop", "root", vmi, ""},
		{"jane@corp.example@vm/web", "jane@corp.example", vm, ""},
		{"web", "", Target{}, "write vm/NAME[/NAMESPACE]"},
		{"pod/web", "", Target{}, `"pod" has no guest`},
		{"vmirs/web", "", Target{}, `"vmirs" has no guest`},
		{"vm/web/shop/80", "", Target{}, "does not name a guest"},
		{"vm/", "", Target{}, "is not the name of an object"},
		{"vm/web/", "", Target{}, "is not the name of a namespace"},
		{"vm/-oProxyCommand=x", "", Target{}, "is not the name of an object"},
		{"@vm/web", "", Target{}, "names no user"},
	} {
		user, got, err := ParseLogin(tc.in)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%s: %v, want %q", tc.in, err, tc.problem)
			}
			continue
		}
		if err != nil || user != tc.user || got != tc.want {
			t.Errorf("%s: %q %+v %v, want %q %+v", tc.in, user, got, err, tc.user, tc.want)
		}
	}
}

func TestNames(t *testing.T) {
	named := Target{Kind: "vm", Name: "web"}.In("shop")
	if named.String() != "vm/web/shop" || named.Host() != "vm.web.shop" {
		t.Errorf("%s, %s", named, named.Host())
	}
	if kept := named.In("other"); kept.Namespace != "shop" {
		t.Errorf("the namespace became %s", kept.Namespace)
	}
}

func TestKindOf(t *testing.T) {
	for word, want := range map[string]string{
		"VM": "vm", "VirtualMachines": "vm", "vmis": "vmi", "virtualmachineinstance": "vmi", "VMIRS": "vmirs", "pod": "", "": "",
	} {
		if got := KindOf(word); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
