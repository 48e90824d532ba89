#!/usr/bin/env bash
# Upgrades an earlier release, built from history, to what is built in this checkout,
# under running guests, on a cluster of its own. KEEP=1 leaves the cluster up afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
export KUBEVIRT_CLUSTER=upgrade
. hack/own-cluster.sh
hack/e2e.sh --label-filter upgrade "$@"
