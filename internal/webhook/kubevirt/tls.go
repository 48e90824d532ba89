package kubevirt

import (
	cryptotls "crypto/tls"
	"slices"

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
