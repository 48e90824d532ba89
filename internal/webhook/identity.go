package webhook

import (
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
)

// nodeNameExtra is where a service account token bound to a pod names its node.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
const nodeNameExtra = "authentication.kubernetes.io/node-name"

const (
	handlerAccount = "kubevirt-handler"
	otherAccount   = ""
)

// ownAccounts may write what users may not.
var ownAccounts = map[string]bool{
	"kubevirt-apiserver": true, "kubevirt-controller": true, handlerAccount: true, "kubevirt-operator": true,
	// virt-api and virt-controller as one program
	"kubevirt-control-plane": true,
}

// account returns which of our service accounts sent a request; empty for
// anybody else.
func (d Deps) account(user authenticationv1.UserInfo) string {
	name, ok := strings.CutPrefix(user.Username, "system:serviceaccount:"+d.Namespace+":")
	if !ok || !ownAccounts[name] {
		return otherAccount
	}
	return name
}

// nodeOf returns the node that a request's token is bound to; empty if none.
func nodeOf(user authenticationv1.UserInfo) string {
	if names := user.Extra[nodeNameExtra]; len(names) == 1 {
		return names[0]
	}
	return ""
}
