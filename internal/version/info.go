package version

import (
	"fmt"
	"runtime"
	"strings"

	apiversion "k8s.io/apimachinery/pkg/version"
)

// Info is the version as the version endpoint and virtctl show it.
func Info() apiversion.Info {
	major, minor, _ := strings.Cut(strings.TrimPrefix(APICompatibility, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	return apiversion.Info{
		Major:      major,
		Minor:      minor,
		GitVersion: Reported(),
		GitCommit:  Commit,
		GoVersion:  runtime.Version(),
		Compiler:   runtime.Compiler,
		Platform:   fmt.Sprintf("%s/%s", runtime.GOOS, runtime.GOARCH),
	}
}
