package controller

import (
	"net/http/httptest"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func TestHealth(t *testing.T) {
	h := &health{}
	for _, version := range []string{"", "42"} {
		if version != "" {
			h.inEffect(&clusterconfig.Config{ResourceVersion: version})
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest("GET", "/healthz", nil))
		if got := strings.TrimSpace(answer.Body.String()); got != `{"config-resource-version":"`+version+`"}` {
			t.Errorf("answered %s", got)
		}
	}
}
