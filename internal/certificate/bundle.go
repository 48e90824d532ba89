package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

// bundleLimit bounds the authorities trusted at a time.
const bundleLimit = 50

// ParseBundle reads PEM encoded certificates and skips what it cannot read: a
// damaged entry must not cost the trust in the others.
func ParseBundle(data []byte) []*x509.Certificate {
	var list []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificateBlock {
			continue
		}
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, certificate)
		}
	}
	return list
}

// NewBundle returns the authorities to trust, PEM encoded, the current one first
// and then the newest of the former ones, and when that changes next; the zero time
// if it does not. A former one stays until it expires or its successor has been
// current for the overlap, whichever is first.
func NewBundle(former []byte, authority *x509.Certificate, now time.Time, overlap time.Duration) (bundle []byte, next time.Time) {
	kept := slices.DeleteFunc(ParseBundle(former), func(c *x509.Certificate) bool {
		return c.Equal(authority) || !c.IsCA || now.After(c.NotAfter)
	})
	slices.SortFunc(kept, func(a, b *x509.Certificate) int { return b.NotBefore.Compare(a.NotBefore) })
	successor := authority
	list := []*x509.Certificate{authority}
	for _, c := range kept {
		leaves := earlier(Issued(successor).Add(overlap), c.NotAfter)
		if now.After(leaves) {
			break
		}
		if next.IsZero() || leaves.Before(next) {
			next = leaves
		}
		list = append(list, c)
		successor = c
	}
	if len(list) > bundleLimit {
		list = list[:bundleLimit]
	}
	var out bytes.Buffer
	for _, c := range list {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw}))
	}
	return out.Bytes(), next
}

// Issued is when a certificate was made.
func Issued(c *x509.Certificate) time.Time { return c.NotBefore.Add(clockSkew) }
