package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/blang/semver/v4"
	"github.com/operator-framework/api/pkg/lib/version"
	operators "github.com/operator-framework/api/pkg/operators/v1alpha1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/hack/kustomization"
	"kubevirt.io/kubevirt/internal/component"
	build "kubevirt.io/kubevirt/internal/version"
)

// packageName is the operator's name in catalogs.
const packageName = "kubevirt-operator"

// complete adds to the ClusterServiceVersion what is not written by hand.
func (c *content) complete(o options) error {
	number, err := semver.Parse(strings.TrimPrefix(o.version, "v"))
	if err != nil {
		return fmt.Errorf("reading the version %q: %w", o.version, err)
	}
	csv := c.csv
	csv.Name = packageName + ".v" + number.String()
	csv.Namespace = ""
	csv.Spec.Version = version.OperatorVersion{Version: number}
	csv.Spec.Replaces = o.replaces
	csv.Spec.RelatedImages = []operators.RelatedImage{{Name: "kubevirt", Image: o.image}, {Name: "virt-launcher", Image: o.launcherImage}}
	if err := c.annotate(o, number); err != nil {
		return err
	}
	icon, err := os.ReadFile(o.icon)
	if err != nil {
		return fmt.Errorf("reading the icon: %w", err)
	}
	csv.Spec.Icon = []operators.Icon{{Data: base64.StdEncoding.EncodeToString(icon), MediaType: "image/svg+xml"}}
	c.deploy(o)
	c.permit()
	return nil
}

func (c *content) annotate(o options, number semver.Version) error {
	template := kustomization.Object{"apiVersion": "v1", "kind": "Namespace", "metadata": c.namespace["metadata"]}
	for _, example := range c.examples {
		// It goes where the operator is.
		delete(example["metadata"].(map[string]any), "namespace")
	}
	annotations := c.csv.Annotations
	for name, value := range map[string]any{
		"alm-examples": c.examples,
		"operatorframework.io/initialization-resource":      c.examples[0],
		"operatorframework.io/suggested-namespace-template": template,
	} {
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding %s: %w", name, err)
		}
		annotations[name] = string(text)
	}
	annotations["containerImage"] = o.image
	annotations[operators.SkipRangeAnnotationKey] = skipRange(number)
	return nil
}

// skipRange says which versions may go to this one at once: all before it that the
// components of this one still understand, which is back to the minor version before.
func skipRange(number semver.Version) string {
	from := semver.Version{Major: number.Major}
	if number.Minor > 0 {
		from.Minor = number.Minor - 1
	}
	return fmt.Sprintf(">=%s <%s", from, number)
}

// deploy takes in the operator's Deployment, with the images.
func (c *content) deploy(o options) {
	deployment := c.deployment
	template := &deployment.Spec.Template
	build.Build = o.version
	template.Labels[v1.LabelAppVersion] = component.LabelVersion(build.Reported())
	for i := range template.Spec.Containers {
		container := &template.Spec.Containers[i]
		container.Image = o.image
		for k := range container.Env {
			switch container.Env[k].Name {
			case component.ImageVariable:
				container.Env[k].Value = o.image
			case component.LauncherImageVariable:
				container.Env[k].Value = o.launcherImage
			}
		}
	}
	c.csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs = []operators.StrategyDeploymentSpec{
		{Name: deployment.Name, Label: deployment.Labels, Spec: deployment.Spec},
	}
}

// permit takes in the operator's rights. OLM makes Roles in the operator's namespace
// alone: what the operator may do in another one it has to be allowed everywhere. That
// is one binding, by its name.
func (c *content) permit() {
	account := c.deployment.Spec.Template.Spec.ServiceAccountName
	home := operators.StrategyDeploymentPermissions{ServiceAccountName: account}
	everywhere := operators.StrategyDeploymentPermissions{ServiceAccountName: account}
	for _, role := range c.clusterRoles {
		everywhere.Rules = append(everywhere.Rules, role.Rules...)
	}
	for _, role := range c.roles {
		if role.Namespace == c.deployment.Namespace {
			home.Rules = append(home.Rules, role.Rules...)
		} else {
			everywhere.Rules = append(everywhere.Rules, role.Rules...)
		}
	}
	strategy := &c.csv.Spec.InstallStrategy.StrategySpec
	strategy.Permissions = []operators.StrategyDeploymentPermissions{home}
	strategy.ClusterPermissions = []operators.StrategyDeploymentPermissions{everywhere}
}
