package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Certificates are the files that a server proves itself with and knows its
// clients by. They are read again when they change.
type Certificates struct {
	// Directory holds tls.crt and tls.key.
	Directory string
	// Authorities is a file with the certificates that vouch for clients.
	Authorities string

	mutex  sync.Mutex
	stamp  [3]time.Time
	config *tls.Config
}

// Server returns the configuration of a server that admits only clients whose
// certificate has the common name.
func (c *Certificates) Server(client string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.current(client)
		},
	}
}

// current builds the configuration anew when one of the files has changed. While
// a change is half done the last good one stays.
func (c *Certificates) current(client string) (*tls.Config, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	stamp, err := c.stamps()
	if err == nil && c.config != nil && stamp == c.stamp {
		return c.config, nil
	}
	if err == nil {
		var config *tls.Config
		if config, err = c.read(client); err == nil {
			c.config, c.stamp = config, stamp
		}
	}
	if c.config == nil {
		return nil, err
	}
	return c.config, nil
}

func (c *Certificates) files() [3]string {
	return [3]string{filepath.Join(c.Directory, "tls.crt"), filepath.Join(c.Directory, "tls.key"), c.Authorities}
}

func (c *Certificates) stamps() (stamp [3]time.Time, err error) {
	for i, path := range c.files() {
		info, err := os.Stat(path)
		if err != nil {
			return stamp, fmt.Errorf("looking at the certificates: %w", err)
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

func (c *Certificates) read(client string) (*tls.Config, error) {
	files := c.files()
	own, err := tls.LoadX509KeyPair(files[0], files[1])
	if err != nil {
		return nil, fmt.Errorf("reading the server's certificate: %w", err)
	}
	authorities, err := os.ReadFile(files[2])
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("there is no certificate in %s", files[2])
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
		NextProtos:   []string{"h2"},
		VerifyConnection: func(state tls.ConnectionState) error {
			// A resumed session has been through this, too: it carries its certificates.
			if name := state.PeerCertificates[0].Subject.CommonName; name != client {
				return fmt.Errorf("client %q is not admitted", name)
			}
			return nil
		},
	}, nil
}
