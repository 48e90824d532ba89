package apiserver

import (
	"math"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// vsockQuery is the query of vsock.
var vsockQuery = map[string]string{"port": "integer", "tls": "boolean"}

// vsock refuses: no guest is given a VSOCK address, admission sees to it
// (spec.domain.devices.autoattachVSOCK).
func (s *server) vsock(w http.ResponseWriter, r *http.Request, at target) {
	_, err := numberQuery(r, "port", 1, math.MaxUint32)
	if err == nil {
		_, err = boolQuery(r, "tls", true)
	}
	if err == nil {
		err = s.withGuest(r.Context(), at, noVSOCK)
	}
	s.fail(w, err)
}

func noVSOCK(vmi *v1.VirtualMachineInstance) error {
	if err := unreachable(vmi); err != nil {
		return err
	}
	return apierrors.NewBadRequest("VSOCK is not attached to the guest")
}
