package audit

import (
	"strings"
	"testing"
	"time"
)

// Lines as the API server writes them, cut to what matters.
const log = `{"stage":"ResponseComplete","requestURI":"/api/v1/namespaces/d/pods","verb":"create","user":{"username":"system:serviceaccount:kubevirt:c"},"objectRef":{"resource":"pods","namespace":"d","apiVersion":"v1"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-01-01T10:00:01.000000Z"}
{"stage":"ResponseComplete","requestURI":"/apis/kubevirt.io/v1/x","verb":"patch","user":{"username":"system:serviceaccount:kubevirt:c"},"objectRef":{"resource":"virtualmachines","apiGroup":"kubevirt.io","subresource":"status"},"responseStatus":{"code":409},"requestReceivedTimestamp":"2026-01-01T10:00:02.000000Z"}
{"stage":"ResponseComplete","requestURI":"/apis/kubevirt.io/v1/x","verb":"patch","user":{"username":"system:serviceaccount:kubevirt:c"},"objectRef":{"resource":"virtualmachines","apiGroup":"kubevirt.io","subresource":"status"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-01T10:00:03.000000Z"}
{"stage":"ResponseComplete","requestURI":"/apis/coordination.k8s.io/x","verb":"update","user":{"username":"system:serviceaccount:kubevirt:c"},"objectRef":{"resource":"leases","apiGroup":"coordination.k8s.io"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-01T10:00:03.500000Z"}
{"stage":"RequestReceived","requestURI":"/healthz?x=1","verb":"get","user":{"username":"other"},"requestReceivedTimestamp":"2026-01-01T10:00:04.000000Z"}
{"stage":"ResponseComplete","requestURI":"/healthz?x=1","verb":"get","user":{"username":"other"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-01T10:00:04.000000Z"}
{"stage":"ResponseComplete","requestURI":"/half writ`

func TestRead(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 1, 1, 10, 0, second, 0, time.UTC) }
	for name, test := range map[string]struct {
		filter Filter
		want   []Count
	}{
		"everything": {Filter{}, []Count{
			{"other", "get", "/healthz", 1, 0, 0},
			{"system:serviceaccount:kubevirt:c", "update", "leases.coordination.k8s.io", 1, 0, 0},
			{"system:serviceaccount:kubevirt:c", "create", "pods", 1, 0, 0},
			{"system:serviceaccount:kubevirt:c", "patch", "virtualmachines.kubevirt.io/status", 2, 1, 1},
		}},
		"since": {Filter{Since: at(3), NoLeases: true}, []Count{
			{"other", "get", "/healthz", 1, 0, 0},
			{"system:serviceaccount:kubevirt:c", "patch", "virtualmachines.kubevirt.io/status", 1, 0, 0},
		}},
		"until, user, writes": {Filter{Until: at(2), User: "system:serviceaccount:", WritesOnly: true}, []Count{
			{"system:serviceaccount:kubevirt:c", "create", "pods", 1, 0, 0},
			{"system:serviceaccount:kubevirt:c", "patch", "virtualmachines.kubevirt.io/status", 1, 1, 1},
		}},
		"a user that only another's request mentions": {Filter{User: "kubevirt"}, []Count{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(log), test.filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("got %v, want %v", got[i], test.want[i])
				}
			}
		})
	}
}
