package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/blang/semver/v4"
	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"kubevirt.io/kubevirt/hack/kustomization"
	"kubevirt.io/kubevirt/internal/version"
)

const root = "../.."

// standard is what `make bundle` writes for the checkout.
func standard(t *testing.T, out string) options {
	t.Helper()
	built := version.Build
	t.Cleanup(func() { version.Build = built })
	text, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	return options{
		version: strings.TrimSpace(string(text)), image: "kubevirt:latest", launcherImage: "virt-launcher:latest",
		base: filepath.Join(root, "config/manifests"), icon: filepath.Join(root, "config/manifests/icon.svg"), out: out,
	}
}

// TestBundleIsCurrent compares bundle/ and bundle.Dockerfile with what is written now.
func TestBundleIsCurrent(t *testing.T) {
	top := t.TempDir()
	if err := writeBundle(standard(t, filepath.Join(top, "bundle"))); err != nil {
		t.Fatal(err)
	}
	want, got := files(t, top, "."), files(t, root, "bundle", "bundle.Dockerfile")
	for path, text := range want {
		if got[path] != text {
			t.Errorf("%s is outdated: run make bundle", path)
		}
		delete(got, path)
	}
	for path := range got {
		t.Errorf("%s is not written by make bundle: remove it", path)
	}
}

// files returns files below a directory by their paths.
func files(t *testing.T, top string, parts ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, part := range parts {
		err := filepath.WalkDir(filepath.Join(top, part), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(top, path)
			found[name] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestValidators runs every validator there is on the bundle, but for the one that
// inspects the images, with docker, in their registry.
func TestValidators(t *testing.T) {
	out := filepath.Join(t.TempDir(), "bundle")
	if err := writeBundle(standard(t, out)); err != nil {
		t.Fatal(err)
	}
	bundle, err := manifests.GetBundleFromDir(out)
	if err != nil {
		t.Fatal(err)
	}
	justified := map[string]bool{
		// The kinds of the API belong to an installation, which comes and goes with the
		// KubeVirt object, and their upgrade is a part of its order.
		"CSV contains permissions to create CRD": false,
		// A rule names no version: the validator takes it for that of the removed one.
		`Migrate the API(s) for endpointslices: (["ClusterServiceVersion.Spec.InstallStrategy`: false,
	}
	objects := append(bundle.ObjectsToValidate(), map[string]string{"k8s-version": "1.36"})
	for _, validator := range validation.AllValidators {
		if reflect.ValueOf(validator).Pointer() == reflect.ValueOf(validation.MultipleArchitecturesValidator).Pointer() {
			continue
		}
		for _, result := range validator.Validate(objects...) {
			for _, err := range result.Errors {
				t.Errorf("%s: %v", result.Name, err)
			}
			for _, warning := range result.Warnings {
				known := false
				for text := range justified {
					if strings.Contains(warning.Error(), text) {
						known, justified[text] = true, true
					}
				}
				if !known {
					t.Errorf("%s: %v", result.Name, warning)
				}
			}
		}
	}
	for text, warned := range justified {
		if !warned {
			t.Errorf("nothing warns of %q any more: the exception can go", text)
		}
	}
}

// TestRights: the ClusterServiceVersion grants what config/ does, no more and no less.
func TestRights(t *testing.T) {
	objects, err := kustomization.Build(filepath.Join(root, "config/manifests"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := read(objects)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.complete(standard(t, "")); err != nil {
		t.Fatal(err)
	}
	var home, everywhere, away []string
	for _, object := range objects {
		role, err := as[rbacv1.Role](object)
		if err != nil || object["kind"] != "Role" && object["kind"] != "ClusterRole" {
			continue
		}
		switch role.Namespace {
		case "":
			everywhere = append(everywhere, texts(t, role.Rules)...)
		case "kubevirt":
			home = append(home, texts(t, role.Rules)...)
		default:
			away = append(away, texts(t, role.Rules)...)
			for _, rule := range role.Rules {
				changes := slices.ContainsFunc(rule.Verbs, func(verb string) bool { return !slices.Contains([]string{"get", "list", "watch"}, verb) })
				if changes && len(rule.ResourceNames) == 0 {
					t.Errorf("under OLM the operator would get this in every namespace, for objects of any name: %v", rule)
				}
			}
		}
	}
	if len(home) == 0 || len(everywhere) == 0 || len(away) == 0 {
		t.Fatal("config/ has no Role here, no Role there or no ClusterRole")
	}
	strategy := c.csv.Spec.InstallStrategy.StrategySpec
	for name, pair := range map[string]struct{ got, want []string }{
		"permissions":        {texts(t, strategy.Permissions[0].Rules), home},
		"clusterPermissions": {texts(t, strategy.ClusterPermissions[0].Rules), append(everywhere, away...)},
	} {
		slices.Sort(pair.got)
		slices.Sort(pair.want)
		if !slices.Equal(pair.got, pair.want) {
			t.Errorf("%s: got %v, want %v", name, pair.got, pair.want)
		}
	}
	if len(strategy.Permissions) != 1 || len(strategy.ClusterPermissions) != 1 {
		t.Error("somebody but the operator gets rights")
	}
}

func texts(t *testing.T, rules []rbacv1.PolicyRule) []string {
	t.Helper()
	var list []string
	for _, rule := range rules {
		text, err := yaml.Marshal(rule)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}

// TestImages: nothing of a bundle names another image than it was made with.
func TestImages(t *testing.T) {
	o := standard(t, filepath.Join(t.TempDir(), "bundle"))
	o.image, o.launcherImage, o.version, o.replaces = "r.test/kubevirt:1", "r.test/virt-launcher:2", "v0.3.1", "kubevirt-operator.v0.3.0"
	if err := writeBundle(o); err != nil {
		t.Fatal(err)
	}
	bundle, err := manifests.GetBundleFromDir(o.out)
	if err != nil {
		t.Fatal(err)
	}
	csv := bundle.CSV
	if csv.Name != "kubevirt-operator.v0.3.1" || csv.Spec.Replaces != o.replaces || csv.Annotations["olm.skipRange"] != ">=0.2.0 <0.3.1" {
		t.Errorf("%s replaces %q and skips %s", csv.Name, csv.Spec.Replaces, csv.Annotations["olm.skipRange"])
	}
	text := files(t, o.out, ".")["manifests/kubevirt-operator.clusterserviceversion.yaml"]
	if strings.Contains(text, ":latest") || !strings.Contains(text, "value: r.test/virt-launcher:2") || !strings.Contains(text, "v1.10.0_v0.3.1") {
		t.Error("the ClusterServiceVersion names other images or another version")
	}
	if len(csv.Spec.CustomResourceDefinitions.Owned) != 1 || len(bundle.V1CRDs) != 1 {
		t.Error("the bundle owns other kinds than KubeVirt")
	}
}

func TestSkipRange(t *testing.T) {
	for number, want := range map[string]string{
		"0.1.0": ">=0.0.0 <0.1.0", "0.2.0": ">=0.1.0 <0.2.0", "0.2.7": ">=0.1.0 <0.2.7", "1.0.0": ">=1.0.0 <1.0.0", "2.4.0": ">=2.3.0 <2.4.0",
	} {
		if got := skipRange(semver.MustParse(number)); got != want {
			t.Errorf("%s: got %s, want %s", number, got, want)
		}
	}
}

// TestUnknownKind: what a bundle has no place for is not left out silently.
func TestUnknownKind(t *testing.T) {
	object := kustomization.Object{"kind": "NetworkPolicy", "metadata": map[string]any{"name": "x"}}
	if _, err := read([]kustomization.Object{object}); err == nil || !strings.Contains(err.Error(), "NetworkPolicy x") {
		t.Errorf("got %v", err)
	}
}

func TestCatalog(t *testing.T) {
	top := t.TempDir()
	var arguments []string
	replaces := ""
	for _, number := range []string{"v0.2.0", "v0.2.1"} {
		o := standard(t, filepath.Join(top, number, "bundle"))
		o.version, o.replaces = number, replaces
		if err := writeBundle(o); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "r.test/bundle:"+number+"="+o.out)
		replaces = "kubevirt-operator." + number
	}
	if err := writeCatalog(filepath.Join(top, "catalog"), arguments); err != nil {
		t.Fatal(err)
	}
	text := files(t, top, "catalog")["catalog/configs/kubevirt-operator/catalog.yaml"]
	var schemas []string
	for _, part := range strings.Split(text, "---\n")[1:] {
		var entry struct {
			Schema, Name, Image, DefaultChannel string
			Entries                             []struct{ Name, Replaces, SkipRange string }
			Properties                          []struct{ Type string }
		}
		if err := yaml.Unmarshal([]byte(part), &entry); err != nil {
			t.Fatal(err)
		}
		schemas = append(schemas, entry.Schema)
		switch entry.Schema {
		case "olm.package":
			if entry.DefaultChannel != "stable" {
				t.Errorf("the default channel is %s", entry.DefaultChannel)
			}
		case "olm.channel":
			if len(entry.Entries) != 2 || entry.Entries[1].Replaces != entry.Entries[0].Name || entry.Entries[1].SkipRange != ">=0.1.0 <0.2.1" {
				t.Errorf("the channel has %v", entry.Entries)
			}
		case "olm.bundle":
			if len(entry.Properties) != 3 || !strings.HasSuffix(entry.Image, strings.TrimPrefix(entry.Name, "kubevirt-operator.")) {
				t.Errorf("bundle %s has %v and image %s", entry.Name, entry.Properties, entry.Image)
			}
		}
	}
	if want := []string{"olm.package", "olm.channel", "olm.bundle", "olm.bundle"}; !slices.Equal(schemas, want) {
		t.Errorf("got %v, want %v", schemas, want)
	}
}
