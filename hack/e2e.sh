#!/usr/bin/env bash
# Runs the end-to-end specs against the running cluster; arguments go to ginkgo,
# each with a "-ginkgo." in front: hack/e2e.sh --label-filter gate. SHARD=i/n runs
# every n-th spec, starting with the i-th.
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(hack/cli.sh env)"
export KUBECONFIG
missing=()
# virtctl ssh and scp use the first; the others make disk images and look into them.
for pair in ssh=openssh-client qemu-img=qemu-utils mcopy=mtools; do
  command -v "${pair%%=*}" >/dev/null || missing+=("${pair##*=}")
done
if ((${#missing[@]})); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
args=()
for arg in "$@"; do
  args+=("${arg/#--/-ginkgo.}")
done
if [[ -n ${SHARD:-} && $SHARD != 1/1 ]]; then
  export E2E_SHARD=$SHARD
fi
exec go test -tags e2e -count=1 -timeout 80m ./test/e2e -ginkgo.v -ginkgo.no-color "${args[@]}"
