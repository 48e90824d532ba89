package component

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Edge tells whether a KubeVirt object asks for the profile of small clusters: one
// replica of everything, virt-api and virt-controller in one process.
func Edge(kv *v1.KubeVirt) bool { return kv.Annotations[v1.AnnotationProfile] == v1.ProfileEdge }

// apiAndController is virt-api and virt-controller as one program. To everybody else it
// is virt-api: its Deployment, its pods and what their Services select keep that name.
func apiAndController(c *Config) []Object {
	pod := podTemplate(c, actor{
		name: API, command: "control-plane", account: ControlPlaneAccount, cpu: "110m", memory: "70Mi",
		args: []string{
			"--cert-dir=" + certDir,
			"--ca-file=" + caDir + "/" + CABundleKey,
			"--handler-port=" + strconv.Itoa(HandlerPort),
			"--handler-client-cert-dir=" + handlerClientDir,
			"--launcher-image=" + c.LauncherImage,
		},
		mounts: []secretMount{
			certificates(APISecret, certDir),
			certificates(HandlerClientSecret, handlerClientDir),
			trustedCAs(),
		},
	})
	placeInfra(&pod.Spec, API, c.InfraPlacement)
	return []Object{deploymentOf(c, API, c.APIReplicas, pod), disruptionBudget(c, API, c.APIReplicas)}
}

// IsControlPlane tells whether pods run virt-api and virt-controller as one program.
func IsControlPlane(pod *corev1.PodSpec) bool { return pod.ServiceAccountName == ControlPlaneAccount }

// infraRights are those of virt-api and virt-controller. As one program they are one
// account bound to the roles of both. Its bindings have names of their own, so that
// those of the two stay as long as the two run.
func infraRights(c *Config) []Object {
	both := concat(apiRights(c), controllerRights(c))
	if !c.Edge {
		return both
	}
	subjects := []rbacv1.Subject{account(c.Namespace, ControlPlaneAccount)}
	for _, object := range both {
		switch binding := object.(type) {
		case *rbacv1.ClusterRoleBinding:
			binding.Name, binding.Subjects = edgeBinding(binding.Name), subjects
		case *rbacv1.RoleBinding:
			binding.Name, binding.Subjects = edgeBinding(binding.Name), subjects
		}
	}
	return both
}

func edgeBinding(name string) string {
	return ControlPlaneAccount + strings.TrimPrefix(name, "kubevirt")
}
