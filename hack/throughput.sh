#!/usr/bin/env bash
# Prints what disks and networks of guests bring on the running cluster, beside a
# guest of a plain QEMU with the same devices. Fails where it is less than 80 %.
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(hack/cli.sh env)"
export KUBECONFIG
exec go test -tags bench -run '^TestThroughput$' -count=1 -timeout 20m -v ./test/bench
