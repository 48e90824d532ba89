// Package certificate makes and renews the certificates by which the components
// know each other: one authority of our own and what it signs. It computes only;
// the clock comes from the caller.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// clockSkew is how far a new certificate reaches into the past, so that a machine
// whose clock is behind accepts it at once.
const clockSkew = 5 * time.Minute

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "EC PRIVATE KEY"
)

// Pair is a certificate with its private key.
type Pair struct {
	// Certificate is the parsed certificate.
	Certificate *x509.Certificate
	// CertificatePEM and KeyPEM are the two as files hold them.
	CertificatePEM, KeyPEM []byte

	key *ecdsa.PrivateKey
}

// Request says what a certificate is for.
type Request struct {
	// CommonName of the subject.
	CommonName string
	// DNSNames a server may be called by.
	DNSNames []string
	// Usages are x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth or both.
	Usages []x509.ExtKeyUsage
}

// NewAuthority makes a certificate authority that is valid for a duration from now
// on. Its subject tells one generation from the next.
func NewAuthority(name string, now time.Time, duration time.Duration) (*Pair, error) {
	template, err := newTemplate(fmt.Sprintf("%s@%d", name, now.Unix()), now, now.Add(duration))
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	return sign(template, nil)
}

// Issue signs a certificate that is valid for a duration from now on, but no
// longer than the authority itself.
func (authority *Pair) Issue(request Request, now time.Time, duration time.Duration) (*Pair, error) {
	end := now.Add(duration)
	if last := authority.Certificate.NotAfter; end.After(last) {
		end = last
	}
	template, err := newTemplate(request.CommonName, now, end)
	if err != nil {
		return nil, err
	}
	template.DNSNames = request.DNSNames
	template.ExtKeyUsage = request.Usages
	template.KeyUsage = x509.KeyUsageDigitalSignature
	return sign(template, authority)
}

func newTemplate(name string, now, end time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("choosing a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-clockSkew).UTC(),
		NotAfter:     end.UTC(),
	}, nil
}

// sign makes a key for a certificate and has the authority, or else itself, sign it.
func sign(template *x509.Certificate, authority *Pair) (*Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	parent, signer := template, key
	if authority != nil {
		parent, signer = authority.Certificate, authority.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %s: %w", template.Subject.CommonName, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a key: %w", err)
	}
	return Parse(
		pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: keyDER}),
	)
}

// Parse reads a pair as files hold it. It fails where one part is missing,
// malformed or does not belong to the other.
func Parse(certificatePEM, keyPEM []byte) (*Pair, error) {
	block, _ := pem.Decode(certificatePEM)
	if block == nil || block.Type != certificateBlock {
		return nil, errors.New("there is no PEM encoded certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parsing the certificate: %w", err)
	}
	keyPart, _ := pem.Decode(keyPEM)
	if keyPart == nil || keyPart.Type != keyBlock {
		return nil, errors.New("there is no PEM encoded key")
	}
	key, err := x509.ParseECPrivateKey(keyPart.Bytes)
	if err != nil {
		// The parser's words stay out: they could quote the key.
		return nil, errors.New("the key cannot be parsed")
	}
	if public, ok := certificate.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(&key.PublicKey) {
		return nil, errors.New("the key is not that of the certificate")
	}
	return &Pair{Certificate: certificate, CertificatePEM: certificatePEM, KeyPEM: keyPEM, key: key}, nil
}
