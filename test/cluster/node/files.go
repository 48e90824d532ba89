package node

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// writeEtc writes the node's own part of /etc.
func writeEtc(c *settings.Cluster, n settings.Node, dir string) error {
	files := map[string]string{
		"hostname": n.Name + "\n",
		"hosts":    fmt.Sprintf("127.0.0.1 localhost\n::1 localhost\n%s %s\n%s %s\n", n.IPv4, n.Name, n.IPv6, n.Name),
		// Nobody answers there: names outside the cluster do not exist, and no
		// question about them reaches the machine's own DNS.
		"resolv.conf":                            "nameserver " + c.BridgeIPv4() + "\noptions attempts:1 timeout:1\n",
		"containerd/config.toml":                 containerdConfig,
		"containerd/certs.d/_default/hosts.toml": registryHosts(c),
		"cni/net.d/00-multus.conf":               cniConfig(n),
		"fstab":                                  "",
	}
	if _, err := os.Stat(filepath.Join(dir, "machine-id")); err != nil {
		id := make([]byte, 16)
		if _, err := rand.Read(id); err != nil {
			return fmt.Errorf("making a machine ID: %w", err)
		}
		files["machine-id"] = hex.EncodeToString(id) + "\n"
	}
	for name, text := range files {
		if err := write(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	// The directory that the credentials are mounted on.
	if err := os.MkdirAll(filepath.Join(dir, "kubernetes"), 0o755); err != nil {
		return fmt.Errorf("making a mount point: %w", err)
	}
	kubelet, err := kubeletConfig(c, n)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(n.Dir, "kubernetes", "kubelet.json"), kubelet); err != nil {
		return err
	}
	return write(filepath.Join(n.Dir, "kubernetes", "kube-proxy.yaml"), proxyConfig(c, n))
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making %s: %w", filepath.Dir(path), err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// The version 3 form is understood by containerd 2.x throughout. The plugins
// that are off would only look for what is not there.
// restrict_oom_score_adj: the lab's root may not lower it.
// device_ownership_from_security_context: lets a pod that is not root open
// its block volumes.
const containerdConfig = `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.differ.v1.erofs",
  "io.containerd.mount-handler.v1.erofs",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  discard_unpacked_layers = true
  max_concurrent_downloads = 6
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "` + settings.PauseImage + `"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "/etc/containerd/certs.d"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  device_ownership_from_security_context = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "` + binDir + `/runc"
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.metadata.v1.bolt"]
  no_sync = true
[plugins."io.containerd.transfer.v1.local"]
  config_path = "/etc/containerd/certs.d"
`

// registryHosts sends every pull, whatever registry its name says, to the
// cluster's own registry and nowhere else.
func registryHosts(c *settings.Cluster) string {
	return fmt.Sprintf(`server = "http://%[1]s"
[host."http://%[1]s"]
  capabilities = ["pull", "resolve"]
`, c.RegistryAddress())
}

// cniConfig is the configuration of Multus, which makes the cluster's own
// network (the delegate) and then those that a pod's annotation asks for.
func cniConfig(n settings.Node) string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "multus",
  "type": "multus",
  "kubeconfig": %q,
  "cniDir": "/run/cni/multus",
  "capabilities": {"portMappings": true},
  "logLevel": "error",
  "delegates": [{
    "cniVersion": "1.0.0",
    "name": "cluster",
    "plugins": [
      {
        "type": "bridge",
        "bridge": "cni0",
        "isDefaultGateway": true,
        "hairpinMode": true,
        "ipam": {
          "type": "host-local",
          "dataDir": "/run/cni/networks",
          "ranges": [[{"subnet": %q}], [{"subnet": %q}]]
        }
      },
      {"type": "portmap", "backend": "nftables", "capabilities": {"portMappings": true}}
    ]
  }]
}
`, confDir+"/multus.kubeconfig", n.PodIPv4, n.PodIPv6)
}

// kubeletConfig renders the kubelet's configuration. JSON, because YAML
// would want a library for no gain.
func kubeletConfig(c *settings.Cluster, n settings.Node) (string, error) {
	config := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",
		"authentication": map[string]any{
			"x509":      map[string]any{"clientCAFile": confDir + "/ca.crt"},
			"webhook":   map[string]any{"enabled": true},
			"anonymous": map[string]any{"enabled": false},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"tlsCertFile":              confDir + "/kubelet.crt",
		"tlsPrivateKeyFile":        confDir + "/kubelet.key",
		"containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
		"clusterDomain":            "cluster.local",
		"clusterDNS":               []string{c.DNSIPv4()},
		"resolvConf":               "/etc/resolv.conf",
		"volumePluginDir":          "/var/lib/kubelet/volumeplugins",
		"cgroupDriver":             "cgroupfs",
		// The lab has cgroup v1.
		"failCgroupV1":           false,
		"enforceNodeAllocatable": []string{},
		// Nobody here may lower it.
		"oomScoreAdj":            0,
		"makeIPTablesUtilChains": false,
		"failSwapOn":             false,
		"serializeImagePulls":    false,
		"registryPullQPS":        0,
		"eventRecordQPS":         0,
		"kubeAPIQPS":             100,
		"kubeAPIBurst":           200,
		"maxPods":                200,
		// Nodes share the machine's disk with everything else on it.
		"evictionHard": map[string]string{
			"memory.available":  "100Mi",
			"nodefs.available":  "1%",
			"nodefs.inodesFree": "1%",
			"imagefs.available": "1%",
		},
		"imageGCHighThresholdPercent": 100,
		"imageGCLowThresholdPercent":  99,
	}
	if n.Special {
		config["cpuManagerPolicy"] = "static"
		// The static policy wants some CPU kept for the system; it sets aside a
		// whole one.
		config["kubeReserved"] = map[string]string{"cpu": "100m"}
	}
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return "", fmt.Errorf("rendering the kubelet's configuration: %w", err)
	}
	return string(data), nil
}

// proxyConfig renders kube-proxy's configuration. It must not touch the
// conntrack limits, which belong to the machine.
func proxyConfig(c *settings.Cluster, n settings.Node) string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: %s/kube-proxy.kubeconfig}
hostnameOverride: %s
clusterCIDR: %s
metricsBindAddress: 127.0.0.1:10249
oomScoreAdj: 0
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
nftables: {minSyncPeriod: 100ms, syncPeriod: 30s}
`, confDir, n.Name, c.PodCIDR())
}
