#!/bin/sh
# Drives the ephemeral cluster: hack/cli.sh up, down, status, ssh ...
# Without arguments it lists its commands.
set -eu
source=$(cd "$(dirname "$(readlink -f "$0")")/../test/cluster" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubevirt-cluster
mkdir -p "$cache"
# A name per checkout: two checkouts do not replace each other's program.
program=$cache/cluster-$(printf %s "$source" | cksum | cut -d' ' -f1)
(cd "$source" && CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false go build -trimpath -o "$program" ./cmd/cluster)
KUBEVIRT_CLUSTER_SOURCE=$source exec "$program" "$@"
