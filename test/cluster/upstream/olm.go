package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"kubevirt.io/kubevirt/test/cluster/imagestore"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// OLM is the Operator Lifecycle Manager as it is built here.
type OLM struct{ bin, chart string }

// EnsureOLM builds what the cache lacks of the Operator Lifecycle Manager and makes
// its images. No cluster needs it to come up.
func EnsureOLM(ctx context.Context, c *settings.Cluster, store *imagestore.Store, out io.Writer) (*OLM, error) {
	// One go.mod for all of it, with the versions that OLM itself is made with: its API
	// server's schemas fit no newer Kubernetes libraries.
	comp := component{
		dir: "olminstall", packages: []string{"tool", "."}, into: "./",
		flags: []string{"-tags", "containers_image_openpgp,json1",
			"-ldflags", "-s -w -X " + olmModule + "/pkg/version.OLMVersion=" + settings.OLMVersion},
	}
	bin, err := comp.ensure(ctx, c, "", out)
	if err != nil {
		return nil, err
	}
	in := func(name, to string) file { return file{filepath.Join(bin, name), to} }
	const user = "1001"
	err = errors.Join(
		programs(store, settings.OLMImage, user, []string{"/bin/olm"},
			in("olm", "/bin/olm"), in("catalog", "/bin/catalog"), in("package-server", "/bin/package-server"),
			in("copy-content", "/bin/copy-content"), in("cpb", "/bin/cpb"), in("olminstall", "/bin/cp")),
		programs(store, settings.OPMImage, user, []string{"/bin/opm"},
			in("opm", "/bin/opm"), in("olminstall", "/bin/grpc_health_probe")),
	)
	if err != nil {
		return nil, fmt.Errorf("making the images of OLM: %w", err)
	}
	chart, err := olmChart(ctx, filepath.Join(c.Source, comp.dir))
	return &OLM{bin, chart}, err
}

// olmChart finds OLM's chart in its module.
func olmChart(ctx context.Context, source string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", olmModule)
	cmd.Dir = source
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	answer, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(answer, &module); jsonErr != nil || module.Error != "" {
		return "", fmt.Errorf("finding the module of OLM: %w: %s", errors.Join(err, jsonErr), module.Error)
	}
	return filepath.Join(module.Dir, "deploy", "chart"), nil
}

// Definitions returns OLM's CRDs as YAML.
func (o *OLM) Definitions(ctx context.Context) (string, error) { return o.render(ctx, "crds", "") }

// Objects returns everything else of OLM's chart: no catalog, one replica, images
// made here.
func (o *OLM) Objects(ctx context.Context) (string, error) {
	values := map[string]any{
		"namespace": "olm", "catalog_namespace": "olm", "operator_namespace": "operators", "installType": "",
		"olm":     map[string]any{"image": olmImage()},
		"catalog": map[string]any{"image": olmImage(), "commandArgs": "--configmapServerImage=" + settings.OPMImage, "opmImageArgs": "--opmImage=" + settings.OPMImage},
		"package": map[string]any{"image": olmImage(), "replicaCount": 1},
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("encoding the values of OLM's chart: %w", err)
	}
	return o.render(ctx, "objects", string(text))
}

func olmImage() map[string]any {
	return map[string]any{"ref": settings.OLMImage, "pullPolicy": "IfNotPresent"}
}

func (o *OLM) render(ctx context.Context, what, values string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(o.bin, "olminstall"), what, o.chart)
	cmd.Stdin = bytes.NewBufferString(values)
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("rendering OLM's %s: %w: %s", what, err, said.String())
	}
	return string(text), nil
}
