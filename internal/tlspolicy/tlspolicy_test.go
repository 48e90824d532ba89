package tlspolicy

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// serve answers handshakes and returns the address.
func serve(t *testing.T, policy *Policy) string {
	t.Helper()
	authority, err := certificate.NewAuthority("test", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(certificate.Request{
		CommonName: "test", DNSNames: []string{"test"}, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	own, err := tls.X509KeyPair(pair.CertificatePEM, pair.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{}
	policy.Server(config)
	config.Certificates = []tls.Certificate{own}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func(conn net.Conn) {
				_ = conn.(*tls.Conn).Handshake()
				_ = conn.Close()
			}(conn)
		}
	}()
	return listener.Addr().String()
}

const (
	one   = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
	other = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
)

func TestPolicy(t *testing.T) {
	policy := &Policy{}
	address := serve(t, policy)
	// connect tells the version and cipher suite of a connection; 0 for none.
	connect := func(highest uint16) (version, suite uint16) {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: highest})
		if err != nil {
			return 0, 0
		}
		defer conn.Close()
		return conn.ConnectionState().Version, conn.ConnectionState().CipherSuite
	}
	for _, step := range []struct {
		name                    string
		set                     *v1.TLSConfiguration
		highest, version, suite uint16
	}{
		{"before there is any", nil, tls.VersionTLS11, 0, 0},
		{"before there is any, TLS 1.2", nil, tls.VersionTLS12, tls.VersionTLS12, 0},
		{"TLS 1.3 only", &v1.TLSConfiguration{MinTLSVersion: v1.VersionTLS13}, tls.VersionTLS12, 0, 0},
		{"TLS 1.3", nil, tls.VersionTLS13, tls.VersionTLS13, 0},
		{"one suite", &v1.TLSConfiguration{MinTLSVersion: v1.VersionTLS12, Ciphers: []string{one}},
			tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
		{"another", &v1.TLSConfiguration{MinTLSVersion: v1.VersionTLS10, Ciphers: []string{other}},
			tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		{"an old version", nil, tls.VersionTLS10, tls.VersionTLS10, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		{"back to the defaults", &v1.TLSConfiguration{}, tls.VersionTLS11, 0, 0},
	} {
		if step.set != nil {
			kv := &v1.KubeVirt{}
			kv.Spec.Configuration.TLSConfiguration = step.set
			policy.Follow(clusterconfig.New(kv))
		}
		version, suite := connect(step.highest)
		if version != step.version || step.suite != 0 && suite != step.suite {
			t.Errorf("%s: version %x, suite %x; want %x, %x", step.name, version, suite, step.version, step.suite)
		}
	}
}
