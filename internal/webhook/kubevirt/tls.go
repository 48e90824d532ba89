package kubevirt

import (
	cryptotls "crypto/tls"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// tls checks how the components' servers are to speak TLS. Cipher suites can be
// chosen only below version 1.3, and only if a version below is asked for.
func tls(path *field.Path, configured *v1.TLSConfiguration) field.ErrorList {
	if configured == nil || len(configured.Ciphers) == 0 {
		return nil
	}
	if configured.MinTLSVersion == "" || configured.MinTLSVersion == v1.VersionTLS13 {
		return field.ErrorList{field.Forbidden(path.Child("ciphers"), "can be chosen only with a minTLSVersion below VersionTLS13")}
	}
	var errs field.ErrorList
	for i, name := range configured.Ciphers {
		known := slices.ContainsFunc(append(cryptotls.CipherSuites(), cryptotls.InsecureCipherSuites()...),
			func(suite *cryptotls.CipherSuite) bool { return suite.Name == name })
		if !known {
			errs = append(errs, field.Invalid(path.Child("ciphers").Index(i), name, "is not a known cipher suite"))
		}
	}
	return errs
}

// unusableCiphers warns of a choice that leaves clients of TLS 1.2 and below without a
// cipher suite: the components' keys are ECDSA, and HTTP/2 wants one that authenticates.
func unusableCiphers(configured *v1.TLSConfiguration) []string {
	if configured == nil || len(configured.Ciphers) == 0 {
		return nil
	}
	usable := slices.ContainsFunc(configured.Ciphers, func(name string) bool {
		return strings.HasPrefix(name, "TLS_ECDHE_ECDSA_") && !strings.Contains(name, "_CBC_") && !strings.Contains(name, "_RC4_")
	})
	if usable {
		return nil
	}
	return []string{"spec.configuration.tlsConfiguration.ciphers: none of them can be used with the components' ECDSA certificates and HTTP/2, " +
		"so that only TLS 1.3 is left; TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 is one that can"}
}
