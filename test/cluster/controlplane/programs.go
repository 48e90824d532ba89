package controlplane

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/supervise"
	"kubevirt.io/kubevirt/test/cluster/volumes"
)

// Programs are the control plane's processes in the order of their start.
// They stop in reverse: an API server that outlives its etcd holds its port
// for minutes.
func Programs(c *settings.Cluster) []supervise.Program {
	return []supervise.Program{etcd(c), apiServer(c), controllerManager(c), scheduler(c), iscsiTarget(c)}
}

func etcd(c *settings.Cluster) supervise.Program {
	return supervise.Program{
		Name: "etcd",
		Args: []string{filepath.Join(c.Bin(), "etcd"),
			"--name=" + c.Name,
			"--data-dir=" + filepath.Join(c.State, "etcd"),
			"--listen-client-urls=" + c.Etcd(),
			"--advertise-client-urls=" + c.Etcd(),
			"--listen-peer-urls=http://" + c.Loopback() + ":2380",
			"--initial-advertise-peer-urls=http://" + c.Loopback() + ":2380",
			"--initial-cluster=" + c.Name + "=http://" + c.Loopback() + ":2380",
			// The data need not survive a power cut.
			"--unsafe-no-fsync",
			"--log-level=warn",
		},
		Ready: listening(c.Loopback() + ":2379"),
	}
}

func apiServer(c *settings.Cluster) supervise.Program {
	file := func(name string) string { return filepath.Join(pkiDir(c), name) }
	services4, services6 := c.ServiceCIDRs()
	return supervise.Program{
		Name: "kube-apiserver",
		Args: []string{filepath.Join(c.Bin(), "kube-apiserver"),
			"--etcd-servers=" + c.Etcd(),
			"--bind-address=" + c.BridgeIPv4(),
			"--advertise-address=" + c.BridgeIPv4(),
			"--secure-port=6443",
			"--service-cluster-ip-range=" + services4 + "," + services6,
			"--tls-cert-file=" + file("apiserver.crt"),
			"--tls-private-key-file=" + file("apiserver.key"),
			"--client-ca-file=" + file("ca.crt"),
			"--kubelet-client-certificate=" + file("kubelet-client.crt"),
			"--kubelet-client-key=" + file("kubelet-client.key"),
			"--kubelet-certificate-authority=" + file("ca.crt"),
			"--kubelet-preferred-address-types=InternalIP",
			"--service-account-key-file=" + file("service-account.crt"),
			"--service-account-signing-key-file=" + file("service-account.key"),
			"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
			"--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction",
			"--enable-bootstrap-token-auth=false",
			"--allow-privileged=true",
			"--requestheader-client-ca-file=" + file("front-proxy-ca.crt"),
			"--requestheader-allowed-names=front-proxy-client",
			"--requestheader-extra-headers-prefix=X-Remote-Extra-",
			"--requestheader-group-headers=X-Remote-Group",
			"--requestheader-username-headers=X-Remote-User",
			"--proxy-client-cert-file=" + file("front-proxy-client.crt"),
			"--proxy-client-key-file=" + file("front-proxy-client.key"),
			// It reaches pods by routes and has no kube-proxy beside it.
			"--enable-aggregator-routing=true",
			"--audit-policy-file=" + file("audit-policy.yaml"),
			"--audit-log-path=" + c.AuditLog(),
			"--audit-log-maxsize=2000",
			"--audit-log-maxbackup=2",
			"--profiling=true",
		},
		// The others give up when they meet an API server that does not serve.
		Ready: serving(c.APIServer() + "/readyz"),
	}
}

func controllerManager(c *settings.Cluster) supervise.Program {
	file := func(name string) string { return filepath.Join(pkiDir(c), name) }
	services4, services6 := c.ServiceCIDRs()
	return supervise.Program{
		Name: "kube-controller-manager",
		Args: []string{filepath.Join(c.Bin(), "kube-controller-manager"),
			"--kubeconfig=" + file("controller-manager.kubeconfig"),
			"--authentication-kubeconfig=" + file("controller-manager.kubeconfig"),
			"--authorization-kubeconfig=" + file("controller-manager.kubeconfig"),
			"--bind-address=" + c.Loopback(),
			"--leader-elect=false",
			// At its default of 20 requests a second it takes 5 s to start.
			"--kube-api-qps=200",
			"--kube-api-burst=400",
			// Tests cut nodes off and wait for it to be noticed (default 50 s).
			"--node-monitor-grace-period=30s",
			"--use-service-account-credentials=true",
			"--service-account-private-key-file=" + file("service-account.key"),
			"--root-ca-file=" + file("ca.crt"),
			"--cluster-cidr=" + c.PodCIDR(),
			"--service-cluster-ip-range=" + services4 + "," + services6,
			// Each node's pod subnet follows from its number.
			"--allocate-node-cidrs=false",
			"--controllers=*,bootstrap-signer-controller,token-cleaner-controller",
		},
	}
}

func scheduler(c *settings.Cluster) supervise.Program {
	config := filepath.Join(pkiDir(c), "scheduler.kubeconfig")
	return supervise.Program{
		Name: "kube-scheduler",
		Args: []string{filepath.Join(c.Bin(), "kube-scheduler"),
			"--kubeconfig=" + config,
			"--authentication-kubeconfig=" + config,
			"--authorization-kubeconfig=" + config,
			"--bind-address=" + c.Loopback(),
			"--leader-elect=false",
		},
	}
}

// iscsiTarget serves no LUN before the provisioner says so.
func iscsiTarget(c *settings.Cluster) supervise.Program {
	return supervise.Program{
		Name: "tgtd",
		Args: []string{"/usr/sbin/tgtd", "--foreground", "--iscsi", "portal=" + c.ISCSIPortal()},
		Env:  []string{volumes.ControlVariable + "=" + c.ISCSIControl()},
	}
}

func listening(address string) func() error {
	return func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return fmt.Errorf("nobody listens on %s: %w", address, err)
		}
		return conn.Close()
	}
}

// serving asks without credentials and without checking the certificate: all
// that matters is whether the API server calls itself ready.
func serving(url string) func() error {
	client := &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return func() error {
		answer, err := client.Get(url)
		if err != nil {
			return fmt.Errorf("asking for readiness: %w", err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, answer.Status)
		}
		return nil
	}
}
