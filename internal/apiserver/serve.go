package apiserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"
	"time"

	"golang.org/x/net/http2"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/klog/v2"

	"kubevirt.io/kubevirt/internal/tlspolicy"
)

const (
	// idleTimeout is how long a connection without requests is kept.
	idleTimeout = 90 * time.Second
	// headerTimeout bounds the wait for a request's header.
	headerTimeout = 30 * time.Second
	// drainTimeout bounds the end of requests when this process ends.
	drainTimeout = 10 * time.Second
	// maxStreams are the requests of a connection at once, each with bodyBuffer bytes of
	// its body before it is read.
	maxStreams = 100
	bodyBuffer = 256 << 10
)

// serveHTTPS does what the generic server does itself where it is let, except that it fixes
// how TLS is spoken when it starts.
func serveHTTPS(ctx context.Context, info *genericapiserver.SecureServingInfo, handler http.Handler, policy *tlspolicy.Policy) error {
	certificates, err := followCertificates(ctx, info)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: 1 << 20, IdleTimeout: idleTimeout, ReadHeaderTimeout: headerTimeout,
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, GetConfigForClient: policy.Choose(certificates.GetConfigForClient),
		},
		ErrorLog: log.New(lines{}, "", 0),
	}
	if err := http2.ConfigureServer(server, &http2.Server{
		IdleTimeout: idleTimeout, MaxConcurrentStreams: maxStreams, MaxReadFrameSize: bodyBuffer,
		MaxUploadBufferPerStream: bodyBuffer, MaxUploadBufferPerConnection: maxStreams * bodyBuffer,
	}); err != nil {
		return fmt.Errorf("preparing HTTP/2: %w", err)
	}
	stopped, _, err := genericapiserver.RunServer(server, info.Listener, drainTimeout, ctx.Done())
	if err != nil {
		return fmt.Errorf("serving HTTPS: %w", err)
	}
	<-stopped
	return nil
}

// followCertificates keeps what a connection begins with: our certificate, and who may
// vouch for clients.
func followCertificates(ctx context.Context, info *genericapiserver.SecureServingInfo) (*dynamiccertificates.DynamicServingCertificateController, error) {
	base := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if info.ClientCA != nil {
		// A certificate is looked at by who authenticates; other ways are open as well.
		base.ClientAuth = tls.RequestClientCert
	}
	followed := dynamiccertificates.NewDynamicServingCertificateController(base, info.ClientCA, info.Cert, info.SNICerts, nil)
	sources := []any{info.Cert}
	info.Cert.AddListener(followed)
	if info.ClientCA != nil {
		info.ClientCA.AddListener(followed)
		sources = append(sources, info.ClientCA)
	}
	for _, source := range sources {
		if runner, ok := source.(dynamiccertificates.ControllerRunner); ok {
			if err := runner.RunOnce(ctx); err != nil {
				// It is tried again; until then nobody is let in by a certificate.
				klog.InfoS("A file of certificates was not read yet", "reason", err.Error())
			}
			go runner.Run(ctx, 1)
		}
	}
	if err := followed.RunOnce(); err != nil {
		return nil, fmt.Errorf("reading the server's certificate: %w", err)
	}
	go followed.Run(1, ctx.Done())
	return followed, nil
}

// lines are what net/http logs.
type lines struct{}

// Write implements io.Writer.
func (lines) Write(line []byte) (int, error) {
	detail := klog.V(0)
	if bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		detail = klog.V(5) // anybody can have as many as he likes
	}
	detail.InfoS("A connection failed", "reason", string(line))
	return len(line), nil
}
