#!/usr/bin/env bash
# Prints the figures of the running installation beside their bars. With
# BENCH_INSTALL=1 it also removes and reinstalls it.
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(hack/cli.sh env)"
export KUBECONFIG
exec go test -tags bench -run '^TestBench$' -count=1 -timeout 40m -v ./test/bench
