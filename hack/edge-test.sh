#!/usr/bin/env bash
# Tries the edge profile on a cluster of its own with one node. KEEP=1 leaves it up
# afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
export KUBEVIRT_CLUSTER=edge NUM_NODES=1
. hack/own-cluster.sh
hack/deploy.sh
hack/e2e.sh --label-filter edge "$@"
