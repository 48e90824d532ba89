package server

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"kubevirt.io/kubevirt/handler/protocol"
)

// connBuffer is what a connection reads and writes at once; idle streams are many.
const connBuffer = 4 << 10

// Serve listens on an address until ctx is done. A client that has vanished
// without a word is given up after a while, so that its device is free again.
func Serve(ctx context.Context, address string, certificates *Certificates, client string, server *Server) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening for virt-api: %w", err)
	}
	return serve(ctx, listener, certificates, client, server)
}

func serve(ctx context.Context, listener net.Listener, certificates *Certificates, client string, server *Server) error {
	grpcServer := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(certificates.Server(client))),
		grpc.ReadBufferSize(connBuffer), grpc.WriteBufferSize(connBuffer),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	protocol.RegisterHandlerServer(grpcServer, server)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		grpcServer.Stop()
	}()
	if err := grpcServer.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving virt-api: %w", err)
	}
	<-stopped
	return nil
}
