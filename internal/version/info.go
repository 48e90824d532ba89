package version

import (
	"fmt"
	"runtime"

	apiversion "k8s.io/apimachinery/pkg/version"
)

// Info is the version as the version endpoint and virtctl show it.
func Info() apiversion.Info {
	return apiversion.Info{
		GitVersion: Reported(),
		GitCommit:  Commit,
		GoVersion:  runtime.Version(),
		Compiler:   runtime.Compiler,
		Platform:   fmt.Sprintf("%s/%s", runtime.GOOS, runtime.GOARCH),
	}
}
