// Package controller runs virt-controller: one manager with the reconcilers of
// the packages below it.
package controller

import (
	"github.com/go-logr/logr"
)

// NoAddress leaves it to somebody else to serve metrics and health.
const NoAddress = "0"

// Options are virt-controller's settings; all are required.
type Options struct {
	// Namespace is where the components run and the leader's Lease is.
	Namespace string
	// LauncherImage is the image of launcher pods.
	LauncherImage string
	// Address is where /metrics and /healthz are served over HTTPS; NoAddress for nowhere.
	Address string
	// CertDir holds tls.crt and tls.key of that server; a change takes effect by itself.
	CertDir string
	// Log takes what happens.
	Log logr.Logger
}
