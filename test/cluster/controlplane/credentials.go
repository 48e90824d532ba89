// Package controlplane runs etcd, the API server, the controller manager and
// the scheduler as plain processes of the machine.
package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kubevirt.io/kubevirt/test/cluster/pki"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

func pkiDir(c *settings.Cluster) string { return filepath.Join(c.State, "pki") }

// client is a user with a kubeconfig of its own.
type client struct {
	file, user string
	groups     []string
}

// Prepare writes the cluster's certificates, kubeconfigs and configuration
// files, unless they are there already.
func Prepare(c *settings.Cluster) error {
	_, err := os.Stat(c.Kubeconfig())
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for the kubeconfig: %w", err)
	}
	dir := pkiDir(c)
	for _, d := range []string{dir, filepath.Dir(c.AuditLog()), c.Logs()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("making the state directory: %w", err)
		}
	}
	ca, err := pki.NewAuthority("cluster-" + c.Name)
	if err != nil {
		return err
	}
	if err := writeServing(c, dir, ca); err != nil {
		return err
	}
	if err := writeFrontProxy(dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "audit-policy.yaml"), []byte(auditPolicy), 0o600); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	if err := writeNodes(c, ca); err != nil {
		return err
	}
	// The administrator's file last: it marks the rest as complete.
	clients := []client{
		{filepath.Join(dir, "controller-manager.kubeconfig"), "system:kube-controller-manager", nil},
		{filepath.Join(dir, "scheduler.kubeconfig"), "system:kube-scheduler", nil},
		{c.Kubeconfig(), "kubernetes-admin", []string{"system:masters"}},
	}
	for _, cl := range clients {
		if err := writeKubeconfig(c, ca, cl); err != nil {
			return err
		}
	}
	return nil
}

func writeKubeconfig(c *settings.Cluster, ca *pki.Authority, cl client) error {
	pair, err := ca.Issue(cl.user, cl.groups)
	if err != nil {
		return err
	}
	data := pki.Kubeconfig(c.Name, c.APIServer(), ca.PEM, pair)
	if err := os.WriteFile(cl.file, data, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig of %s: %w", cl.user, err)
	}
	return nil
}

func writeServing(c *settings.Cluster, dir string, ca *pki.Authority) error {
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca.PEM, 0o644); err != nil {
		return fmt.Errorf("writing the authority: %w", err)
	}
	server, err := ca.Issue("kube-apiserver", nil, "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", "localhost", "127.0.0.1", c.BridgeIPv4(), c.BridgeIPv6(), c.ServiceIPv4())
	if err != nil {
		return err
	}
	if err := server.WriteTo(dir, "apiserver"); err != nil {
		return err
	}
	toKubelet, err := ca.Issue("kube-apiserver-kubelet-client", []string{"system:masters"})
	if err != nil {
		return err
	}
	if err := toKubelet.WriteTo(dir, "kubelet-client"); err != nil {
		return err
	}
	private, public, err := pki.SigningKey()
	if err != nil {
		return err
	}
	return pki.Pair{Cert: public, Key: private}.WriteTo(dir, "service-account")
}

// writeFrontProxy makes what the aggregation layer proves itself with to the
// API servers behind it: an authority of its own, or any client of the
// cluster could claim to be somebody else.
func writeFrontProxy(dir string) error {
	ca, err := pki.NewAuthority("front-proxy")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "front-proxy-ca.crt"), ca.PEM, 0o644); err != nil {
		return fmt.Errorf("writing the front proxy's authority: %w", err)
	}
	pair, err := ca.Issue("front-proxy-client", nil)
	if err != nil {
		return err
	}
	return pair.WriteTo(dir, "front-proxy-client")
}

// writeNodes gives each node the credentials it would have been installed
// with: the kubelet's, its serving certificate, and those of what runs its
// network. The rights of the last two are in the add-ons.
func writeNodes(c *settings.Cluster, ca *pki.Authority) error {
	for _, n := range c.Nodes() {
		dir := filepath.Join(n.Dir, "kubernetes")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the directory of %s: %w", n.Name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca.PEM, 0o644); err != nil {
			return fmt.Errorf("writing the authority for %s: %w", n.Name, err)
		}
		serving, err := ca.Issue("system:node:"+n.Name, []string{"system:nodes"}, n.Name, n.IPv4, n.IPv6)
		if err != nil {
			return err
		}
		if err := serving.WriteTo(dir, "kubelet"); err != nil {
			return err
		}
		clients := []client{
			{filepath.Join(dir, "kubelet.kubeconfig"), "system:node:" + n.Name, []string{"system:nodes"}},
			{filepath.Join(dir, "kube-proxy.kubeconfig"), "system:kube-proxy", nil},
			{filepath.Join(dir, "multus.kubeconfig"), "multus:" + n.Name, []string{"cluster:multus"}},
			{filepath.Join(dir, "networkpolicy.kubeconfig"), "networkpolicy:" + n.Name, []string{"cluster:networkpolicy"}},
		}
		for _, cl := range clients {
			if err := writeKubeconfig(c, ca, cl); err != nil {
				return err
			}
		}
	}
	return nil
}

// One line per finished request. Watches show when they end.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
`
