package server

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/jsonlog"
)

// setVerbosity changes what is wanted of the log, and does it.
func (s *Server) setVerbosity(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	jsonlog.SetVerbosity(s.log, cmp.Or(s.own, s.verbosity))
}

// ownVerbosity is what a VMI asks for; 0 where it asks for nothing that can be read.
func ownVerbosity(vmi *v1.VirtualMachineInstance) uint32 {
	level, err := strconv.ParseUint(vmi.Labels[v1.LabelLogVerbosity], 10, 8)
	if err != nil {
		return 0
	}
	return uint32(level)
}

// logCall tells, to who wants to know that much, what the handler has asked and what
// came of it. What is in requests and answers belongs to the guest's owner.
func (s *Server) logCall(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	began := time.Now()
	answer, err := handle(ctx, request)
	s.log.Log(ctx, jsonlog.Detail(4), "call", "method", info.FullMethod, "millis", time.Since(began).Milliseconds(), "code", status.Code(err).String())
	return answer, err
}
