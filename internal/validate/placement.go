package validate

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	maxNameservers    = 3
	maxSearchDomains  = 6
	maxSearchListSize = 256
)

// Architectures are those of guests, as in GOARCH.
var Architectures = []string{"amd64"}

// placement checks where and under which name the guest runs.
func placement(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	if !slices.Contains(Architectures, spec.Architecture) {
		errs = append(errs, field.NotSupported(path.Child("architecture"), spec.Architecture, Architectures))
	}
	if spec.Hostname != "" {
		for _, msg := range validation.IsDNS1123Label(spec.Hostname) {
			errs = append(errs, field.Invalid(path.Child("hostname"), spec.Hostname, msg))
		}
	}
	if spec.Subdomain != "" { // a pod's is the name of a service
		for _, msg := range validation.IsDNS1123Label(spec.Subdomain) {
			errs = append(errs, field.Invalid(path.Child("subdomain"), spec.Subdomain, msg))
		}
	}
	if spec.ServiceAccountName != "" {
		for _, msg := range validation.IsDNS1123Subdomain(spec.ServiceAccountName) {
			errs = append(errs, field.Invalid(path.Child("serviceAccountName"), spec.ServiceAccountName, msg))
		}
	}
	return errs
}

// dns applies the rules of pods, whose resolver configuration the guest gets.
func dns(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	config := path.Child("dnsConfig")
	if spec.DNSPolicy == corev1.DNSNone && (spec.DNSConfig == nil || len(spec.DNSConfig.Nameservers) == 0) {
		errs = append(errs, field.Required(config.Child("nameservers"), "dnsPolicy None leaves the guest without any name server"))
	}
	if spec.DNSConfig == nil {
		return errs
	}
	nameservers, searches := config.Child("nameservers"), config.Child("searches")
	if len(spec.DNSConfig.Nameservers) > maxNameservers {
		errs = append(errs, field.TooMany(nameservers, len(spec.DNSConfig.Nameservers), maxNameservers))
	}
	for i, server := range spec.DNSConfig.Nameservers {
		errs = append(errs, validation.IsValidIP(nameservers.Index(i), server)...)
	}
	if len(spec.DNSConfig.Searches) > maxSearchDomains {
		errs = append(errs, field.TooMany(searches, len(spec.DNSConfig.Searches), maxSearchDomains))
	}
	if len(strings.Join(spec.DNSConfig.Searches, " ")) > maxSearchListSize {
		errs = append(errs, field.TooLong(searches, "", maxSearchListSize))
	}
	for i, search := range spec.DNSConfig.Searches {
		for _, msg := range validation.IsDNS1123Subdomain(strings.TrimSuffix(search, ".")) {
			errs = append(errs, field.Invalid(searches.Index(i), search, msg))
		}
	}
	for i, option := range spec.DNSConfig.Options {
		if option.Name == "" {
			errs = append(errs, field.Required(config.Child("options").Index(i).Child("name"), "an option has a name"))
		}
	}
	return errs
}
