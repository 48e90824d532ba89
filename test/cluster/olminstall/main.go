// Command olminstall is what an installation of the Operator Lifecycle Manager needs
// beside its own programs, by the name it is called by: olminstall prints the objects,
// which are OLM's own chart, rendered; cp and grpc_health_probe are tools that OLM
// expects in images.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

func main() {
	programs := map[string]func(args []string) error{"cp": copyFile, "grpc_health_probe": probe, "olminstall": render}
	name := filepath.Base(os.Args[0])
	program, ok := programs[name]
	if !ok {
		program = render
	}
	if err := program(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// render prints a chart's CRDs or its objects; standard input has the values that
// differ from its own.
func render(args []string) error {
	if len(args) != 2 || args[0] != "crds" && args[0] != "objects" {
		return errors.New("want crds or objects, and the directory of a chart")
	}
	chart, err := loader.LoadDir(args[1])
	if err != nil {
		return fmt.Errorf("loading the chart: %w", err)
	}
	if args[0] == "crds" {
		for _, crd := range chart.CRDObjects() {
			fmt.Printf("---\n%s\n", crd.File.Data)
		}
		return nil
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return fmt.Errorf("reading the values: %w", err)
	}
	values := map[string]any{}
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		return fmt.Errorf("reading the values: %w", err)
	}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "olm"}, nil)
	if err != nil {
		return fmt.Errorf("merging the values: %w", err)
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return fmt.Errorf("rendering the chart: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".yaml") && strings.TrimSpace(files[name]) != "" {
			fmt.Printf("---\n%s\n", files[name])
		}
	}
	return nil
}

// copyFile copies one file; options mean nothing to it.
func copyFile(args []string) error {
	args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") })
	if len(args) != 2 {
		return errors.New("want two files")
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], data, 0o755)
}

// probe asks a gRPC server whether it serves.
func probe(args []string) error {
	if len(args) != 1 || !strings.HasPrefix(args[0], "-addr=") {
		return errors.New("want -addr=HOST:PORT")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	connection, err := grpc.NewClient("passthrough:///"+strings.TrimPrefix(args[0], "-addr="),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("the server is %s", answer.Status)
	}
	return nil
}
