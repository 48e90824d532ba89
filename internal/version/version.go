// Package version says which build this is and which API it is compatible with.
package version

// Build is the semantic version of this build, with a leading "v". The linker sets
// it from the VERSION file; a plain `go build` leaves it at "v0.0.0-unset".
var Build = "v0.0.0-unset"

// Commit is the revision the build was made from, empty when it is not known.
var Commit = ""

// APICompatibility is the release of the kubevirt.io API that this build follows.
// Clients of that API compare versions and switch features by them, so it is what
// they are told first; it changes when the contract does, not with our releases.
const APICompatibility = "v1.10.0"

// Reported is the version told to clients: the API's release, with our build as
// semver build metadata, for example "v1.10.0+v0.1.0".
func Reported() string { return APICompatibility + "+" + Build }
