package component

import (
	"fmt"
	"strings"
)

// splitImage cuts an image reference into the registry (with path, without the
// last slash), the image's own name and its version (":tag" or "@digest").
func splitImage(image string) (registry, name, version string) {
	rest, digest, found := strings.Cut(image, "@")
	if found {
		version = "@" + digest
	}
	slash := strings.LastIndex(rest, "/")
	name = rest[slash+1:]
	if tagless, tag, tagged := strings.Cut(name, ":"); tagged {
		name = tagless
		if version == "" {
			version = ":" + tag
		}
	}
	return rest[:max(slash, 0)], name, version
}

// relocate gives an image the registry and the tag a KubeVirt object asks for;
// empty ones leave it as it is.
func relocate(image, registry, tag string) (string, error) {
	current, name, version := splitImage(image)
	if name == "" {
		return "", fmt.Errorf("image reference %q names no image", image)
	}
	if registry != "" {
		current = strings.TrimSuffix(registry, "/")
	}
	if tag != "" {
		version = ":" + tag
	}
	if current != "" {
		current += "/"
	}
	return current + name + version, nil
}

func registry(image string) string {
	found, _, _ := splitImage(image)
	return found
}
