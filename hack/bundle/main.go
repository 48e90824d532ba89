// Command bundle writes the OLM bundle: the operator as a ClusterServiceVersion with
// what belongs to it, made from the kustomization config/manifests. With -catalog it
// writes a file-based catalog of bundles instead.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// options are what a bundle is made with.
type options struct {
	// version of the build, with its "v".
	version string
	// image of the control plane and launcherImage of the guests' pods.
	image, launcherImage string
	// replaces names the bundle that this one follows in its channel, if any.
	replaces string
	// base is the kustomization, icon the operator's picture, out the bundle's directory.
	base, icon, out string
}

func main() {
	o := options{}
	flag.StringVar(&o.version, "version", builtVersion(), "version of the build")
	flag.StringVar(&o.image, "image", "kubevirt:latest", "image of the control plane")
	flag.StringVar(&o.launcherImage, "launcher-image", "virt-launcher:latest", "image of virt-launcher")
	flag.StringVar(&o.replaces, "replaces", "", "name of the bundle that this one replaces")
	flag.StringVar(&o.base, "base", "config/manifests", "directory of the kustomization")
	flag.StringVar(&o.icon, "icon", "config/manifests/icon.svg", "the operator's picture")
	flag.StringVar(&o.out, "out", "bundle", "directory of the bundle; bundle.Dockerfile is written beside it")
	catalog := flag.String("catalog", "", "write a catalog into this directory instead; arguments are IMAGE=DIRECTORY of its bundles, oldest first")
	flag.Parse()
	var err error
	if *catalog != "" {
		err = writeCatalog(*catalog, flag.Args())
	} else {
		err = writeBundle(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// builtVersion is the version that `make build` gives the binaries.
func builtVersion() string {
	text, err := os.ReadFile("VERSION")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
