package component

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Environment is what the operator knows from its own deployment.
type Environment struct {
	// Namespace the operator runs in.
	Namespace string
	// Image of the control plane, the operator's own.
	Image string
	// LauncherImage of the pods in which guests run.
	LauncherImage string
	// Version reported to clients.
	Version string
	// Accepts says what is wrong with arguments for an actor of the control plane's
	// binary; without it all are right.
	Accepts func(actor string, args []string) error
}

// Config is everything the installation's objects are computed from.
type Config struct {
	// Namespace of the installation.
	Namespace string
	// Image of the control plane and LauncherImage of the guests' pods.
	Image, LauncherImage string
	// Registry is the part of Image before the image's own name.
	Registry string
	// PullPolicy and PullSecrets of the control plane's pods.
	PullPolicy  corev1.PullPolicy
	PullSecrets []corev1.LocalObjectReference
	// Version reported to clients.
	Version string
	// ProductName, ProductVersion and ProductComponent go to labels of every object.
	ProductName, ProductVersion, ProductComponent string
	// APIReplicas and ControllerReplicas of the Deployments.
	APIReplicas, ControllerReplicas int32
	// InfraPlacement of virt-api and virt-controller, WorkloadsPlacement of virt-handler; nil for the defaults.
	InfraPlacement, WorkloadsPlacement *v1.NodePlacement
	// Edge makes one program of virt-api and virt-controller, in one replica.
	Edge bool
	// AggregateRoles adds the users' roles to the cluster's own admin, edit and view.
	AggregateRoles bool
	// ReadNetworks lets virt-controller read what networks are made of.
	ReadNetworks bool
	// ReadNamespaces lets virt-controller read the labels of namespaces.
	ReadNamespaces bool
	// RestrictNodes confines each virt-handler to its own Node object.
	RestrictNodes bool
	// Customizations are the administrator's changes to rendered objects.
	Customizations v1.CustomizeComponents
	// UseEmulation lets guests run on nodes without hardware virtualization.
	UseEmulation bool
	// Prometheus of the cluster; nil without one.
	Prometheus *Prometheus
	// CABundle holds the CAs that sign the components' certificates, PEM encoded.
	CABundle []byte

	accepts func(actor string, args []string) error
}

// NewConfig reads a KubeVirt object. nodes is the number of nodes on which guests
// may run, 0 while it is not known; caBundle the PEM encoded CAs.
func NewConfig(env Environment, kv *v1.KubeVirt, nodes int32, caBundle []byte) (*Config, error) {
	cluster := clusterconfig.New(kv)
	image, err := relocate(env.Image, kv.Spec.ImageRegistry, kv.Spec.ImageTag)
	if err != nil {
		return nil, fmt.Errorf("finding the control plane's image: %w", err)
	}
	launcher, err := relocate(env.LauncherImage, kv.Spec.ImageRegistry, kv.Spec.ImageTag)
	if err != nil {
		return nil, fmt.Errorf("finding the launcher's image: %w", err)
	}
	aggregation := kv.Spec.Configuration.RoleAggregationStrategy
	c := &Config{
		Namespace:     kv.Namespace,
		Image:         image,
		LauncherImage: launcher,
		Registry:      registry(image),
		PullPolicy:    cmp.Or(kv.Spec.ImagePullPolicy, corev1.PullIfNotPresent),
		PullSecrets:   kv.Spec.ImagePullSecrets,
		Version:       env.Version,

		ProductName:      kv.Spec.ProductName,
		ProductVersion:   cmp.Or(kv.Spec.ProductVersion, LabelVersion(env.Version)),
		ProductComponent: cmp.Or(kv.Spec.ProductComponent, "kubevirt"),

		APIReplicas:        apiReplicas(nodes),
		ControllerReplicas: 2,
		Edge:               Edge(kv),
		AggregateRoles:     aggregation == nil || *aggregation != v1.RoleAggregationStrategyManual,
		ReadNetworks:       !cluster.Enabled(clusterconfig.GateExternalNetResourceInjection),
		ReadNamespaces:     cluster.AutoCPULimit != nil,
		RestrictNodes:      cluster.Enabled(clusterconfig.GateNodeRestriction),
		Customizations:     kv.Spec.CustomizeComponents,
		UseEmulation:       cluster.UseEmulation,
		CABundle:           caBundle,
		accepts:            env.Accepts,
	}
	if infra := kv.Spec.Infra; infra != nil {
		c.InfraPlacement = infra.NodePlacement
		if infra.Replicas != nil {
			c.APIReplicas, c.ControllerReplicas = int32(*infra.Replicas), int32(*infra.Replicas)
		}
	}
	if c.Edge {
		c.APIReplicas = 1
	}
	if workloads := kv.Spec.Workloads; workloads != nil {
		c.WorkloadsPlacement = workloads.NodePlacement
	}
	return c, nil
}

// LabelVersion is a version as it may stand in a label.
func LabelVersion(version string) string { return strings.ReplaceAll(version, "+", "_") }

// apiReplicas grows virt-api with the cluster: one for every ten nodes, at least
// two so that one may fail, but one where a second could only share its fate.
func apiReplicas(nodes int32) int32 {
	if nodes == 1 {
		return 1
	}
	return max(2, nodes/10)
}

// deployment is what makes two installations different versions of each other: a
// change of it is an update, any other change of the KubeVirt object is not.
type deployment struct {
	ID               string                        `json:"id,omitempty"`
	Namespace        string                        `json:"namespace"`
	Registry         string                        `json:"registry"`
	KubeVirtVersion  string                        `json:"kubeVirtVersion"`
	Image            string                        `json:"image"`
	LauncherImage    string                        `json:"launcherImage"`
	PullPolicy       corev1.PullPolicy             `json:"imagePullPolicy,omitempty"`
	PullSecrets      []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	ProductName      string                        `json:"productName,omitempty"`
	ProductVersion   string                        `json:"productVersion,omitempty"`
	ProductComponent string                        `json:"productComponent,omitempty"`
}

func (c *Config) deployment() deployment {
	d := deployment{
		Namespace: c.Namespace, Registry: c.Registry, KubeVirtVersion: c.Version,
		Image: c.Image, LauncherImage: c.LauncherImage, PullPolicy: c.PullPolicy, PullSecrets: c.PullSecrets,
		ProductName: c.ProductName, ProductVersion: c.ProductVersion, ProductComponent: c.ProductComponent,
	}
	d.ID = digest(d)
	return d
}

// DeploymentID identifies this version and configuration of an installation.
func (c *Config) DeploymentID() string { return c.deployment().ID }

// DeploymentConfig is the JSON text that DeploymentID stands for.
func (c *Config) DeploymentConfig() string {
	text, err := json.Marshal(c.deployment())
	if err != nil {
		panic(fmt.Sprintf("encoding plain strings: %v", err))
	}
	return string(text)
}

// digest is a short hash of a value's JSON.
func digest(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("encoding %T: %v", value, err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:20])
}
