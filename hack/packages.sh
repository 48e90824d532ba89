#!/usr/bin/env bash
# Lists the module's packages in two sets: `cgo`, the few that need a C compiler,
# and `pure`, all others. They are built apart so that nearly everything shares one
# build cache with the static binaries.
set -euo pipefail
cd "$(dirname "$0")/.."
cgo='/(cmd/virt-launcher|launcher/libvirt|launcher/run)$'
case ${1:-} in
pure) go list ./... | grep -vE "$cgo" ;;
cgo) go list ./... | grep -E "$cgo" ;;
*) echo "usage: hack/packages.sh pure|cgo" >&2; exit 2 ;;
esac
